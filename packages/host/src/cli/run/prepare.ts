import {
  CadreError,
  checkInputs,
  inputReaders,
  type Problem,
  selectSteps,
  setOnError,
  type Workflow,
} from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import type { JsonObject } from '@cadre/sdk';
import { CommanderError } from 'commander';
import type { App } from '../../app.ts';
import { checkProblems, loadWorkflow } from '../../resources/load-workflow.ts';
import type { Invocation } from '../command.ts';
import { usageError } from '../exit.ts';
import type { Place } from '../open-workspace.ts';
import { refuseProblems } from '../show/problems.ts';
import { type ChosenFiles, chooseFiles } from './choose-files.ts';
import { buildRunCommand, type RunFlags, readRunArguments } from './flags.ts';
import type { Profile } from './hygiene-profiles.ts';
import { narrowPermissions } from './narrow-permissions.ts';
import { type Choice, resolveProfile } from './profiles.ts';
import { switchedOn } from './switched-on.ts';

export interface Prepared {
  readonly workflow: Workflow;
  readonly inputs: JsonObject;
  readonly flags: RunFlags;
  readonly profile?: string;
  /** What may not be meant, such as a commit before the tests. */
  readonly warnings: readonly Problem[];
}

type Profiles = Readonly<Record<string, Profile>>;

/** From what was typed to a checked workflow and its inputs. Undefined when help was asked for and printed. */
export async function prepareRun(
  app: App,
  name: string,
  args: readonly string[],
  place: Place,
  invocation: Invocation,
): Promise<Prepared | undefined> {
  const { io, output } = invocation;
  const loaded = await loadWorkflow(name, app, io.cwd);
  refuseProblems(loaded.problems, loaded.file.path, output.colours);
  const { workflow } = loaded;
  if (workflow === undefined) throw new CadreError('invalid_workflow', `${loaded.file.path} is no workflow`);

  const command = buildRunCommand(name, workflow).configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
  });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  if (command.args.length > 0)
    throw usageError(`"${command.args[0]}" is no option of ${name}`, `cadre run ${name} --help`);
  const { flags, inputs } = readRunArguments(command, workflow);

  const choice = chooseProfile(app, workflow, flags);
  const files = 'paths' in workflow.inputs ? await chooseFiles(app, flags, choice.files, output) : undefined;
  const named = `profile ${choice.profile}`;
  const ruled = setOnError(workflow, choice.onError ?? {});
  refuseProblems(ruled.problems, named, output.colours);
  const selected = selectSteps(ruled.workflow, {
    ...optional('steps', flags.steps ?? choice.steps),
    skip: [...(flags.skip ?? choice.skip ?? []), ...withoutFiles(workflow, files)],
    ...optional('from', flags.from),
  });
  refuseProblems(selected.problems, name, output.colours);
  const limited = narrowPermissions(
    limitRun(selected.workflow, flags.timeout ?? timeoutOf(app, workflow)),
    choice.permissions,
    named,
  );
  // What is left out stays in its place and is skipped: only another order, or other steps, can break what holds of the whole.
  const isAsWritten = isSameOrder(workflow, limited) && choice.onError === undefined;
  const problems = isAsWritten ? [] : checkProblems(limited, app);
  refuseProblems(problems, name, output.colours);

  const given = {
    ...switchedOn(workflow, choice.steps),
    ...choice.inputs,
    ...switchedOn(workflow, flags.steps),
    ...inputs,
    ...placeInputs(workflow, place),
    ...(files && filesInputs(workflow, files)),
  };
  const checked = checkInputs(limited, given, { coerce: true });
  if (!checked.ok) {
    throw new CadreError('invalid_input', checked.problems.map((problem) => problem.message).join('\n  '), {
      hint: checked.problems[0]?.suggestion ?? `cadre run ${name} --help`,
      details: { problems: checked.problems },
    });
  }
  const warnings = [...selected.problems, ...problems.filter(({ code }) => code === 'held_too_late')];
  return {
    workflow: limited,
    inputs: checked.inputs,
    flags,
    warnings,
    ...optional('profile', choice.profile),
  };
}

function isSameOrder(a: Workflow, b: Workflow): boolean {
  const ids = ({ steps }: Workflow) => steps.map(({ id }) => id).join();
  return ids(a) === ids(b);
}

interface Chosen extends Omit<Choice, 'defaults'> {
  readonly profile?: string;
}

/** Profiles and settings of the section `hygiene` belong to the workflow of that name. */
function chooseProfile(app: App, workflow: Workflow, flags: RunFlags): Chosen {
  if (workflow.name === 'pre-commit') return { inputs: quickInputs(app) };
  if (workflow.name !== 'hygiene') {
    if (flags.profile !== undefined) throw usageError(`the workflow ${workflow.name} has no profiles`);
    return { inputs: {} };
  }
  const profile = flags.profile ?? app.config.hygiene.profile;
  const { defaults, inputs, ...choice } = resolveProfile(profile, app.config.hygiene.profiles as Profiles);
  const settled = settledInputs(app);
  return { ...choice, inputs: { ...defaults, ...settled.files, ...inputs, ...settled.variables }, profile };
}

/** What the profile `quick` of this repository comes to in a git hook. */
export function quickInputs(app: App): JsonObject {
  const { steps = [], skip = [], inputs } = resolveProfile('quick', app.config.hygiene.profiles as Profiles);
  const settled = settledInputs(app);
  const { exclude } = { ...settled.files, ...inputs, ...settled.variables };
  const quick = steps.filter((step) => !skip.includes(step));
  return { ...(quick.length === 0 ? {} : { quick }), ...(exclude === undefined ? {} : { exclude }) };
}

/** What the section `hygiene` says for all profiles: in files, and in variables, which are said for this run alone. */
function settledInputs({ config, settings }: App): { files: JsonObject; variables: JsonObject } {
  const { profile: _, profiles: __, timeout: ___, ...inputs } = config.hygiene;
  const found = { files: {} as JsonObject, variables: {} as JsonObject };
  for (const [key, value] of Object.entries(inputs as JsonObject)) {
    if (value === undefined) continue;
    const { layers } = settings.explain(`hygiene.${key}`);
    const isVariable = layers.findLast(({ wins }) => wins)?.layer === 'environment';
    found[isVariable ? 'variables' : 'files'][key] = value;
  }
  return found;
}

function placeInputs(workflow: Workflow, place: Place): JsonObject {
  return 'path' in workflow.inputs ? { path: place.path } : {};
}

function filesInputs(workflow: Workflow, { paths, changed }: ChosenFiles): JsonObject {
  return {
    ...('paths' in workflow.inputs ? { paths: [...paths] } : {}),
    ...('changed' in workflow.inputs ? { changed: [...changed] } : {}),
  };
}

/** Where no files are chosen, what works on chosen files has nothing to do: an empty list would mean all of them. */
function withoutFiles(workflow: Workflow, files: ChosenFiles | undefined): string[] {
  if (files === undefined) return [];
  return [
    ...(files.paths.length === 0 ? inputReaders(workflow, 'paths') : []),
    ...(files.changed.length === 0 ? inputReaders(workflow, 'changed') : []),
  ];
}

function timeoutOf({ config }: App, { name }: Workflow): string | undefined {
  return name === 'hygiene' ? String(config.hygiene.timeout) : undefined;
}

function limitRun(workflow: Workflow, timeout: string | undefined): Workflow {
  if (timeout === undefined) return workflow;
  // Seconds where there is no unit, as earlier tools took them.
  const wallMs = parseDuration(/^\d+$/.test(timeout) ? `${timeout}s` : timeout);
  return wallMs === 0 ? workflow : { ...workflow, budget: { ...workflow.budget, wallMs } };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
