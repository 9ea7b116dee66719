import { loadWorkflow } from '../../resources/load-workflow.ts';
import { listWorkflows } from '../../resources/workflow-files.ts';
import type { CommandEntry, Invocation } from '../command.ts';
import { buildRunCommand } from '../run/flags.ts';
import { HYGIENE_PROFILES } from '../run/hygiene-profiles.ts';
import { withApp } from '../with-app.ts';

/** Names of workflows or ids of runs, whichever the command takes. */
export async function completeArgument(
  entry: CommandEntry,
  invocation: Invocation,
): Promise<readonly string[]> {
  if (entry.name === 'hygiene') return ['steps', 'profiles'];
  if (entry.completes === undefined) return [];
  return withApp(invocation, async (app) => {
    if (entry.completes === 'workflows') return (await listWorkflows(app.folders)).map((file) => file.name);
    const { runs } = await app.engine.list({ limit: 50 });
    return ['last', ...runs.map((run) => run.id)];
  });
}

/** The options of a command; of `run` and `plan` also those of the workflow that was named. */
export async function completeFlags(
  entry: CommandEntry,
  words: readonly string[],
  invocation: Invocation,
): Promise<readonly string[]> {
  const own = (entry.options ?? []).flatMap(([flags]) => longFlag(flags));
  if (entry.passThrough !== true) return [...own, '--json', '--quiet', '--verbose', '--help'];
  const named = entry.name === 'hygiene' ? 'hygiene' : words.slice(1).find((word) => !word.startsWith('-'));
  if (named === undefined) return own;
  return withApp(invocation, async (app) => {
    const { workflow } = await loadWorkflow(named, app, invocation.io.cwd);
    if (workflow === undefined) return own;
    const { options } = buildRunCommand(named, workflow);
    return options.filter((option) => !option.hidden).flatMap((option) => longFlag(option.flags));
  });
}

const OF_STEPS = new Set(['--steps', '-s', '--skip', '--from']);

/** What may stand after a flag of a run: steps of the workflow, in a list if need be, or profiles. */
export async function completeValue(
  flag: string,
  unfinished: string,
  named: string | undefined,
  invocation: Invocation,
): Promise<readonly string[] | undefined> {
  if (named === undefined || !(OF_STEPS.has(flag) || flag === '--profile')) return undefined;
  return withApp(invocation, async (app) => {
    if (flag === '--profile') return Object.keys({ ...HYGIENE_PROFILES, ...app.config.hygiene.profiles });
    const { workflow } = await loadWorkflow(named, app, invocation.io.cwd);
    const before = flag === '--from' ? '' : unfinished.slice(0, unfinished.lastIndexOf(',') + 1);
    return (workflow?.steps ?? []).map(({ id }) => `${before}${id}`);
  });
}

function longFlag(flags: string): string[] {
  const match = flags.match(/--[a-z-]+/);
  return match === null ? [] : [match[0]];
}
