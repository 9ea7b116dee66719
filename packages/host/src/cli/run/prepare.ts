import { CadreError, checkInputs, selectSteps, type Workflow } from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import type { JsonObject } from '@cadre/sdk';
import { CommanderError } from 'commander';
import type { App } from '../../app.ts';
import { checkProblems, loadWorkflow } from '../../resources/load-workflow.ts';
import type { Invocation } from '../command.ts';
import { usageError } from '../exit.ts';
import type { Place } from '../open-workspace.ts';
import { refuseProblems } from '../show/problems.ts';
import { chooseFiles } from './choose-files.ts';
import { buildRunCommand, type RunFlags, readRunArguments } from './flags.ts';
import { type Choice, resolveProfile } from './profiles.ts';
import { switchedOn } from './switched-on.ts';

export interface Prepared {
  readonly workflow: Workflow;
  readonly inputs: JsonObject;
  readonly flags: RunFlags;
  readonly profile?: string;
}

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
  const selection = {
    ...(flags.steps === undefined ? optional('steps', choice.steps) : { steps: flags.steps }),
    ...(flags.skip === undefined ? optional('skip', choice.skip) : { skip: flags.skip }),
    ...optional('from', flags.from),
  };
  const selected = selectSteps(workflow, selection);
  refuseProblems(selected.problems, name, output.colours);
  const limited = limitRun(selected.workflow, flags);
  // What is left out stays in its place and is skipped: only another order can break what holds of the whole.
  if (!isSameOrder(workflow, limited)) refuseProblems(checkProblems(limited, app), name, output.colours);

  const files = await chooseFiles(app, flags);
  const given = {
    ...switchedOn(workflow, choice.steps),
    ...choice.inputs,
    ...switchedOn(workflow, flags.steps),
    ...inputs,
    ...placeInputs(workflow, place),
    ...(files && { paths: files }),
  };
  const checked = checkInputs(limited, given, { coerce: true });
  if (!checked.ok) {
    throw new CadreError('invalid_input', checked.problems.map((problem) => problem.message).join('\n  '), {
      hint: checked.problems[0]?.suggestion ?? `cadre run ${name} --help`,
      details: { problems: checked.problems },
    });
  }
  return { workflow: limited, inputs: checked.inputs, flags, ...optional('profile', choice.profile) };
}

function isSameOrder(a: Workflow, b: Workflow): boolean {
  const ids = ({ steps }: Workflow) => steps.map(({ id }) => id).join();
  return ids(a) === ids(b);
}

/** Profiles and settings of the section `hygiene` belong to the workflow of that name. */
function chooseProfile(app: App, workflow: Workflow, flags: RunFlags): Choice & { profile?: string } {
  if (workflow.name !== 'hygiene') {
    if (flags.profile !== undefined) throw usageError(`the workflow ${workflow.name} has no profiles`);
    return { inputs: {} };
  }
  const { hygiene } = app.config;
  const profile = flags.profile ?? hygiene.profile;
  const choice = resolveProfile(profile, hygiene.profiles);
  const { profile: _, profiles: __, ...settled } = hygiene;
  return { ...choice, inputs: { ...choice.inputs, ...(settled as JsonObject) }, profile };
}

function placeInputs(workflow: Workflow, place: Place): JsonObject {
  return 'path' in workflow.inputs ? { path: place.path } : {};
}

function limitRun(workflow: Workflow, flags: RunFlags): Workflow {
  if (flags.timeout === undefined) return workflow;
  // Seconds where there is no unit, as earlier tools took them.
  const wallMs = parseDuration(/^\d+$/.test(flags.timeout) ? `${flags.timeout}s` : flags.timeout);
  return wallMs === 0 ? workflow : { ...workflow, budget: { ...workflow.budget, wallMs } };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
