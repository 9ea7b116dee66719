import { readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { CadreError, type Problem, plainText } from '@cadre/core';
import { isInside, writeAtomic } from '@cadre/kit/files';
import { duration, plural } from '@cadre/kit/format';
import type { JsonObject } from '@cadre/sdk';
import type { Authoring, Trial } from '../../ports/authoring.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, exitCodeOfRun, usageError } from '../exit.ts';
import { keepSchemas, SCHEMAS_FOLDER, schemaLine } from '../run/keep-schemas.ts';
import { formatProblem } from '../show/problems.ts';
import { withApp } from '../with-app.ts';

export const newWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const [id = ''] = invocation.arguments;
    const authoring = await app.authoring();
    const inside =
      typeof options['in'] === 'string'
        ? resolve(io.cwd, options['in'])
        : join(app.place.root, '.cadre', 'workers');
    const folder = join(inside, id);
    const template = String(options['template'] ?? 'action');
    await authoring.make(id, template, folder);
    await nameSchema(folder, app.place.root);
    const shown = relative(io.cwd, folder) || '.';
    output.document({ made: { id, template, folder } });
    output.line(`made ${shown}`);
    output.line(output.colours.dim(`  what it does and needs   ${join(shown, 'worker.yaml')}`));
    output.line(output.colours.dim(`  try it                   cadre worker test ${shown}`));
    output.line(output.colours.dim(`  give it to others        cadre worker pack ${shown}`));
    return EXIT.ok;
  });

/** So that an editor completes and explains the manifest; outside of the workspace there is nothing that it could be named by. */
async function nameSchema(folder: string, root: string): Promise<void> {
  if (!isInside(root, folder)) return;
  await keepSchemas(root, ['worker']);
  const manifest = join(folder, 'worker.yaml');
  const path = relative(folder, join(root, SCHEMAS_FOLDER, 'worker.json'))
    .split(sep)
    .join('/');
  await writeAtomic(manifest, schemaLine(path) + (await readFile(manifest, 'utf8')));
}

export const validateWorkers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const authoring = await app.authoring();
    const folders = invocation.arguments.length === 0 ? ['.'] : invocation.arguments;
    const validated: { folder: string; problems: readonly Problem[] }[] = [];
    for (const folder of folders) {
      validated.push({
        folder,
        problems: await printProblems(authoring, resolve(io.cwd, folder), folder, invocation),
      });
    }
    const isFault = ({ severity }: Problem) => severity === 'error' || options['strict'] === true;
    output.document({ validated });
    return validated.some(({ problems }) => problems.some(isFault)) ? EXIT.usage : EXIT.ok;
  });

async function printProblems(
  authoring: Authoring,
  folder: string,
  shown: string,
  { output }: Invocation,
): Promise<readonly Problem[]> {
  const { file, problems } = await authoring.validate(folder);
  if (problems.length === 0) output.line(`${output.colours.green('✓')} ${shown}`);
  for (const problem of problems) output.line(formatProblem(problem, file ?? shown, output.colours));
  return problems;
}

export const testWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output } = invocation;
    const folder = resolve(io.cwd, invocation.arguments[0] ?? '.');
    const trials = await tryWorker(await app.authoring(), folder, invocation);
    output.document({ trials });
    return trials.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
  });

async function tryWorker(
  authoring: Authoring,
  folder: string,
  { output }: Invocation,
): Promise<readonly Trial[]> {
  const { colours } = output;
  const trials = await authoring.try(folder, ({ name, ok, says, durationMs }) => {
    output.line(
      `${ok ? colours.green('✓') : colours.red('✗')} ${plainText(name)} ${colours.dim(duration(durationMs))}`,
    );
    for (const line of (says ?? '').split('\n').filter(Boolean)) output.line(`    ${plainText(line)}`);
  });
  const failed = trials.filter(({ ok }) => !ok).length;
  output.line(
    failed === 0
      ? `${plural(trials.length, 'trial')}, all well`
      : colours.red(`${failed} of ${plural(trials.length, 'trial')} failed`),
  );
  return trials;
}

export const developWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output } = invocation;
    const folder = resolve(io.cwd, invocation.arguments[0] ?? '.');
    const authoring = await app.authoring();
    // What is wrong now is mended by the next change: it is said, and nothing ends.
    const look = async () => {
      output.line(output.colours.dim(`— ${new Date(app.clock.now()).toLocaleTimeString()}`));
      try {
        const problems = await printProblems(authoring, folder, relative(io.cwd, folder) || '.', invocation);
        if (problems.some(({ severity }) => severity === 'error')) return;
        await tryWorker(authoring, folder, invocation);
      } catch (error) {
        output.line(
          `${output.colours.red('✗')} ${error instanceof Error ? plainText(error.message) : String(error)}`,
        );
      }
      output.line(output.colours.dim('looks again when something changes; Ctrl-C ends'));
    };
    await authoring.watch(folder, io.interrupted, look);
    return EXIT.ok;
  });

export const callAction: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const [uses = ''] = invocation.arguments;
    const input = await inputOf(options['input'], invocation);
    app.workers.resolve(uses);
    const outcome = await app.call(uses, input, { signal: io.interrupted });
    if (!outcome.ok) {
      const { code, message, hint } = outcome.failure;
      output.document({ failure: outcome.failure });
      output.note(`${output.colours.red('failed')} ${plainText(message)} [${code}]`);
      if (hint !== undefined) output.note(`  ${plainText(hint)}`);
      return exitCodeOfRun(io.interrupted.aborted ? 'cancelled' : 'failed', outcome.failure, io);
    }
    output.document({ output: outcome.output });
    output.line(JSON.stringify(outcome.output, undefined, 2));
    return EXIT.ok;
  });

async function inputOf(given: unknown, { io }: Invocation): Promise<JsonObject> {
  if (typeof given !== 'string') return {};
  const text =
    given === '-'
      ? await textOf(io.stdin)
      : given.trimStart().startsWith('{')
        ? given
        : await readInput(resolve(io.cwd, given));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CadreError(
      'invalid_input',
      `the input is no JSON: ${cause instanceof Error ? cause.message : ''}`,
      { hint: 'write for example {"text":"to be"}', cause },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usageError('the input is no JSON object', 'write for example {"text":"to be"}');
}

async function readInput(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CadreError('not_found', `there is no file ${file} with an input`, {
      hint: 'name a file, or write the JSON itself',
      cause,
    });
  });
}
