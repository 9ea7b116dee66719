import { resolve } from 'node:path';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, failureError } from '../exit.ts';
import { quickInputs } from '../run/choose-profile.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';
import { runWorkflow } from './run.ts';

/** The hooks run as a workflow like any other, so that they are recorded, confined and can be cancelled. */
export const runHooks: CommandHandler = (invocation) => {
  const { stage, all } = invocation.options;
  const { cwd, env } = invocation.io;
  // During `git commit -a` and `git commit FILE` what will be committed is in another index than the usual one.
  const indexFile = env['GIT_INDEX_FILE'] ?? '';
  const flags = [
    ...(indexFile === '' ? [] : ['--index-file', resolve(cwd, indexFile)]),
    ...(typeof stage === 'string' ? ['--stage', stage] : []),
    ...(all === true ? ['--all'] : []),
  ];
  return runWorkflow({ ...invocation, arguments: ['pre-commit', '--yes', ...flags] }, false);
};

export const install: CommandHandler = (invocation) => {
  const { into } = invocation.options;
  const target = typeof into === 'string' ? { into } : {};
  return callHooks(invocation, 'hooks/install', { command: cadreCommand(invocation), ...target });
};

export const uninstall: CommandHandler = (invocation) => callHooks(invocation, 'hooks/uninstall', {});

export const status: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const answer = (await perform(app, 'hooks/status', { quick: quickOf(app) })) as unknown as {
      summary: string;
      hooks: readonly { id: string; name: string; source: string; runnable: boolean; reason?: string }[];
    };
    invocation.output.document(answer);
    invocation.output.line(answer.summary);
    const rows = answer.hooks.map((hook) => [
      hook.id,
      hook.source,
      hook.runnable ? 'runs' : `cannot run: ${hook.reason ?? 'unknown'}`,
    ]);
    printTable(['hook', 'from', 'state'], rows, invocation.output);
    return EXIT.ok;
  });

function callHooks(invocation: Invocation, uses: string, input: JsonObject): Promise<number> {
  return withApp(invocation, async (app) => {
    const answer = (await perform(app, uses, input)) as { summary: string };
    invocation.output.document(answer);
    invocation.output.line(answer.summary);
    return EXIT.ok;
  });
}

async function perform(app: App, uses: string, input: JsonObject): Promise<JsonValue> {
  const outcome = await app.call(uses, input);
  if (!outcome.ok) throw failureError(outcome.failure);
  return outcome.output;
}

function quickOf(app: App): JsonObject {
  const { quick, ...others } = quickInputs(app);
  return { ...others, ...(quick === undefined ? {} : { steps: quick }) };
}

/** How the hook shall call Cadre: by the very program that installs it, wherever that is. */
export function cadreCommand(invocation: Invocation): JsonValue {
  return [process.execPath, invocation.io.program];
}
