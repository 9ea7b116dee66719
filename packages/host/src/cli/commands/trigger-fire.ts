import { CadreError, runReport } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { FiringRecord } from '../../ports/firing-store.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, exitCodeOfRun, usageError } from '../exit.ts';
import { stayWith } from '../run/perform-run.ts';
import { printReport, rerunOf, sentenceOf } from '../show/report.ts';
import { withApp } from '../with-app.ts';

export const runTrigger: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const firing = await app.inbox.fire(name, app.principal, dataOf(invocation));
    return follow(app, firing, invocation);
  });

export const replayFiring: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [written = ''] = invocation.arguments;
    if (!/^\d{1,15}$/.test(written)) {
      throw usageError(`'${written}' is no number of a firing`, 'cadre trigger dead');
    }
    return follow(app, await app.inbox.replay(Number(written)), invocation);
  });

export const emit: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [topic = ''] = invocation.arguments;
    const id = await app.inbox.emit(topic, app.principal, dataOf(invocation));
    invocation.output.document({ event: id, topic });
    invocation.output.line(`told ${topic}`);
    return EXIT.ok;
  });

/** Begins the firing here and stays with its run, unless it is left to whoever serves. */
async function follow(app: App, firing: FiringRecord, invocation: Invocation): Promise<number> {
  const { output, options } = invocation;
  const run = options['detach'] === true ? undefined : await app.inbox.beginNow(firing.id);
  if (run === undefined) {
    const [now] = await app.inbox.history({ trigger: firing.trigger, before: firing.id + 1, limit: 1 });
    if (now?.failure !== undefined && now.status !== 'waiting') {
      throw new CadreError('work_failed', `${firing.trigger} started nothing: ${now.failure.message}`, {
        hint: `cadre trigger history ${firing.trigger}`,
      });
    }
    output.document({ firing: firing.id, status: 'waiting' });
    output.line(`firing ${firing.id} of ${firing.trigger} stands in line; cadre serve begins it`);
    return EXIT.ok;
  }
  const { workflow } = await app.engine.get(run);
  const { state } = await stayWith(app, run, workflow, invocation);
  await app.inbox.settle();
  const rows = runReport(workflow, state);
  output.document({ firing: firing.id, run, status: state.status, steps: rows });
  printReport(rows, output, rerunOf(run));
  output.line(`\n${sentenceOf(state, run)}`);
  return exitCodeOfRun(state.status, state.failure, invocation.io);
}

function dataOf({ options }: Invocation): JsonValue {
  const { data } = options;
  if (typeof data !== 'string') return null;
  try {
    return JSON.parse(data) as JsonValue;
  } catch {
    throw usageError(`--data is no JSON: ${data.slice(0, 60)}`, `--data '{"ok": true}'`);
  }
}
