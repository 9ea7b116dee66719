import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findConfigFile } from '@cadre/kit/config-file';
import type { App } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { ciFile, type NewFile } from '../init/ci-file.ts';
import { configText } from '../init/config-text.ts';
import { type Proposal, propose } from '../init/propose.ts';
import { openQuestions, TurnedAway } from '../questions.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';
import { cadreCommand } from './hooks.ts';

/** What `init` would do: a new settings file, or keys for the one that is there; a hook; a file for continuous integration. */
interface Plan {
  readonly file: string;
  readonly text?: string;
  readonly keys: Proposal['settings'];
  readonly hook: boolean;
  readonly ci?: NewFile;
}

type Wanted = { readonly settings: boolean; readonly hook: boolean; readonly ci: boolean };

/**
 * Writes the section `hygiene` that fits what is found here, and offers the hook and a file for continuous integration. All of
 * it is shown first; what is set already is kept, so doing it twice changes nothing.
 */
export const init: CommandHandler = async (invocation) => {
  try {
    return await withApp(invocation, (app) => initialise(app, invocation));
  } catch (error) {
    if (error instanceof TurnedAway) return EXIT.interrupted;
    throw error;
  }
};

async function initialise(app: App, invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const proposal = await propose(app);
  const plan = await planOf(app, proposal);
  show(plan, proposal, invocation);
  const wanted = await choose(plan, invocation);
  const written = await carryOut(app, plan, wanted, invocation);
  const { settings: _, ...found } = proposal;
  output.document({ file: plan.file, found, written: written.length > 0, parts: written });
  if (written.length === 0) output.line('Nothing was written.');
  for (const what of written) output.line(`${output.colours.green('✓')} ${what}`);
  output.line(
    output.colours.dim('What holds: cadre config list. Next: cadre hygiene doctor, cadre run hygiene'),
  );
  return EXIT.ok;
}

async function planOf(app: App, proposal: Proposal): Promise<Plan> {
  const { root } = app.place;
  const existing = await findConfigFile(root, 'cadre');
  const file = existing ?? join(root, 'cadre.yaml');
  const ci = await ciFile(root, proposal.ci);
  const shared = { file, hook: await lacksHook(app), ...(ci === undefined ? {} : { ci }) };
  if (existing === undefined) return { ...shared, text: configText(proposal), keys: [] };
  const keys = proposal.settings.filter(({ key }) =>
    app.settings.explain(`hygiene.${key}`).layers.every(({ layer }) => layer !== 'workspace'),
  );
  return { ...shared, keys };
}

async function lacksHook(app: App): Promise<boolean> {
  const outcome = await app.call('hooks/status', {});
  return outcome.ok && (outcome.output as { installed?: unknown }).installed !== true;
}

function show({ file, text, keys, hook, ci }: Plan, proposal: Proposal, { output }: Invocation): void {
  const { bold } = output.colours;
  const systems = proposal.ci.map(({ name, file: at }) => `${name} (${at})`);
  output.line(`languages  ${proposal.languages.join(', ') || 'none'}`);
  output.line(`tools      ${proposal.tools.join(', ') || 'none'}`);
  output.line(`built by   ${systems.join(', ') || 'nothing that is known'}`);
  output.line();
  if (text !== undefined) output.line(`${bold(file)} would be:\n\n${text}`);
  if (text === undefined && keys.length === 0) output.line(`${file} says all of it already and is kept.`);
  if (keys.length > 0) {
    output.line(`${bold(file)} would get, beside what it has:\n`);
    const rows = keys.map(({ key, value, why }) => [`hygiene.${key}`, JSON.stringify(value), why]);
    printTable(['key', 'value', 'why?'], rows, output);
  }
  if (hook) output.line(`${bold('The pre-commit hook')} would be added: cadre hooks install`);
  if (ci !== undefined) output.line(`\n${bold(ci.path)} would be:\n\n${ci.text}`);
}

/** With a terminal each part is asked for; else `--yes` writes the settings, `--hook` and `--ci` the others. */
async function choose(plan: Plan, { io, output, options }: Invocation): Promise<Wanted> {
  const has = {
    settings: plan.text !== undefined || plan.keys.length > 0,
    hook: plan.hook,
    ci: plan.ci !== undefined,
  };
  const yes = options['yes'] === true;
  const named = { settings: yes, hook: options['hook'] === true, ci: options['ci'] === true };
  if (yes || named.hook || named.ci || !io.interactive || output.json) {
    return { settings: has.settings && named.settings, hook: has.hook && named.hook, ci: has.ci && named.ci };
  }
  const questions = await openQuestions(io);
  return {
    settings: has.settings && (await questions.yes('Write the settings?', true)),
    hook: has.hook && (await questions.yes('Add the pre-commit hook?', false)),
    ci: has.ci && (await questions.yes('Write the file for continuous integration?', false)),
  };
}

async function carryOut(
  app: App,
  { file, text, keys, ci }: Plan,
  wanted: Wanted,
  invocation: Invocation,
): Promise<readonly string[]> {
  const written: string[] = [];
  if (wanted.settings) {
    // `wx`: somebody may have made one while the question stood.
    if (text !== undefined) await writeFile(file, text, { flag: 'wx' });
    for (const { key, value } of keys) await app.setConfig(`hygiene.${key}`, JSON.stringify(value));
    written.push(`settings in ${file}`);
  }
  if (wanted.hook) {
    const outcome = await app.call('hooks/install', { command: cadreCommand(invocation) });
    written.push(
      outcome.ok ? 'the pre-commit hook' : `no hook: ${outcome.failure.message} (cadre hooks install)`,
    );
  }
  if (wanted.ci && ci !== undefined) {
    await writeFile(ci.path, ci.text, { flag: 'wx' });
    written.push(ci.path);
  }
  return written;
}

/** The flags of `cadre init` where the command line is taken apart late; others are told to be unknown. */
export function readInitFlags(args: readonly string[]): Readonly<Record<string, boolean>> {
  const known: Readonly<Record<string, string>> = {
    '-y': 'yes',
    '--yes': 'yes',
    '--hook': 'hook',
    '--ci': 'ci',
  };
  const globals = ['--json', '-q', '--quiet', '-v', '--verbose', '--no-color'];
  const unknown = args.find((flag) => known[flag] === undefined && !globals.includes(flag));
  if (unknown !== undefined) throw usageError(`"${unknown}" is no option of init`, '--yes, --hook or --ci');
  return Object.fromEntries(args.flatMap((flag) => (known[flag] === undefined ? [] : [[known[flag], true]])));
}
