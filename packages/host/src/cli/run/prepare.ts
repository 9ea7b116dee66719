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
import { askForRun } from '../interview/ask-for-run.ts';
import type { Io } from '../io.ts';
import type { Place } from '../open-workspace.ts';
import { refuseProblems } from '../show/problems.ts';
import { type ChosenFiles, chooseFiles } from './choose-files.ts';
import { chooseProfile } from './choose-profile.ts';
import { buildRunCommand, type RunArguments, type RunFlags, readRunArguments } from './flags.ts';
import { narrowPermissions } from './narrow-permissions.ts';
import { switchedOn } from './switched-on.ts';

export interface Prepared {
  readonly workflow: Workflow;
  readonly inputs: JsonObject;
  readonly flags: RunFlags;
  readonly profile?: string;
  /** What may not be meant, such as a commit before the tests. */
  readonly warnings: readonly Problem[];
}

/** Undefined when help was asked for and printed. */
function parseRunArguments(
  name: string,
  workflow: Workflow,
  args: readonly string[],
  io: Io,
): RunArguments | undefined {
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
  return readRunArguments(command, workflow);
}

/** From what was typed, or answered, to a checked workflow and its inputs. Undefined when there is nothing to run. */
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

  const typed = parseRunArguments(name, workflow, args, io);
  const asked = typed?.flags.interactive === true ? await askForRun(app, workflow, typed, invocation) : typed;
  if (asked === undefined) return undefined;
  const { flags, inputs } = asked;

  const choice = chooseProfile(app, workflow, flags.profile);
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
