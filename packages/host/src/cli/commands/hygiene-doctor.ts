import { CadreError, selectSteps, type Workflow } from '@cadre/core';
import { Command, CommanderError } from 'commander';
import type { App } from '../../app.ts';
import { loadWorkflow } from '../../resources/load-workflow.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { type Check, printChecks } from '../doctor/check.ts';
import { repair } from '../doctor/repair.ts';
import { type StepSetting, settingsOf } from '../doctor/step-settings.ts';
import { createStepTools, type StepTool } from '../doctor/step-tools.ts';
import { diskCheck, failureChecks, gitCheck, leaseChecks } from '../doctor/surroundings.ts';
import { EXIT } from '../exit.ts';
import { TurnedAway } from '../questions.ts';
import { chooseProfile } from '../run/choose-profile.ts';
import { commaSeparated } from '../run/flags.ts';
import { refuseProblems } from '../show/problems.ts';
import { withApp } from '../with-app.ts';

interface DoctorFlags {
  readonly path?: string;
  readonly profile?: string;
  readonly steps?: readonly string[];
  readonly skip?: readonly string[];
  readonly repair?: boolean;
  readonly yes?: boolean;
}

interface StepHealth {
  readonly step: string;
  readonly name: string;
  readonly state: Check['state'];
  readonly tools: readonly StepTool[];
  readonly settings: readonly StepSetting[];
}

/** Step by step: what it works with, what is missing, and what is settled; then what stands around it. */
export const hygieneDoctor: CommandHandler = async (invocation) => {
  const flags = parseFlags(invocation);
  if (flags === undefined) return EXIT.ok;
  try {
    return await withApp(invocation, (app) => examine(app, flags, invocation), flags.path);
  } catch (error) {
    if (error instanceof TurnedAway) return EXIT.interrupted;
    throw error;
  }
};

async function examine(app: App, flags: DoctorFlags, invocation: Invocation): Promise<number> {
  const { output, io } = invocation;
  const { workflow: whole } = await loadWorkflow('hygiene', app, io.cwd);
  if (whole === undefined) throw new CadreError('invalid_workflow', 'the workflow hygiene cannot be read');
  const choice = chooseProfile(app, whole, flags.profile);
  const [steps, skip] = [flags.steps ?? choice.steps, flags.skip ?? choice.skip];
  const selected = selectSteps(whole, {
    ...(steps === undefined ? {} : { steps }),
    ...(skip === undefined ? {} : { skip }),
  });
  refuseProblems(selected.problems, 'hygiene', output.colours);
  const profile = choice.profile ?? 'standard';
  let health = await look(app, selected.workflow, profile, choice.inputs);
  const around = [
    await gitCheck(app),
    ...(await leaseChecks(app)),
    await diskCheck(app),
    ...(await failureChecks(app)),
  ];
  output.line(`${output.colours.bold(app.place.root)}  ${output.colours.dim(`profile ${profile}`)}`);
  print(health, invocation);
  output.line();
  printChecks(around, output);
  if (flags.repair === true) {
    const tools = health.flatMap((step) => step.tools);
    if (await repair(app, tools, flags.yes === true, invocation)) {
      health = await look(app, selected.workflow, profile, choice.inputs);
      print(health, invocation);
    }
  }
  output.document({ workspace: app.place.root, profile, steps: health, checks: around });
  return health.some(({ state }) => state === 'missing') ? EXIT.missing : EXIT.ok;
}

async function look(
  app: App,
  workflow: Workflow,
  profile: string,
  inputs: Readonly<Record<string, unknown>>,
): Promise<readonly StepHealth[]> {
  const finder = createStepTools(app);
  const health: StepHealth[] = [];
  for (const step of workflow.steps) {
    if (step.kind !== 'action' || step.if === NOT_SELECTED) continue;
    const settings = settingsOf(app, workflow, step, profile);
    // `security`, `audit`, `commit` and `push` switch the steps off that are named after what they do.
    const switchedOff = settings.some(
      ({ name, value }) => (inputs[name] ?? value) === false && SWITCHES[step.id] === name,
    );
    if (switchedOff) continue;
    const tools = await finder.find(step);
    health.push({ step: step.id, name: step.name ?? step.id, state: stateOf(tools), tools, settings });
  }
  return health;
}

/** What `selectSteps` makes of the condition of a step that was not chosen. */
const NOT_SELECTED = '${{ false }}';

const SWITCHES: Readonly<Record<string, string>> = {
  scan: 'security',
  audit: 'audit',
  commit: 'commit',
  push: 'push',
};

function stateOf(tools: readonly StepTool[]): Check['state'] {
  const bad = tools.filter(({ state }) => state !== 'found');
  if (bad.some(({ needed }) => needed)) return 'missing';
  return bad.some(({ wanted }) => wanted) ? 'warning' : 'ok';
}

function print(health: readonly StepHealth[], { output }: Invocation): void {
  output.line();
  const { dim } = output.colours;
  for (const { name, state, tools, settings } of health) {
    const shown = tools.filter((tool) => tool.state === 'found' || tool.wanted || output.verbose);
    const detail = shown.map(toolText).join(', ') || 'nothing but Cadre itself';
    printChecks([{ what: name.padEnd(20), state, detail }], output);
    for (const { name: tool, state: how, install } of shown) {
      if (how !== 'found' && install !== undefined) output.line(dim(`    ${tool}: ${install}`));
    }
    if (settings.length > 0) output.line(dim(`    ${settings.map(settingText).join('; ')}`));
  }
}

function toolText({ name, state, version, minimum, reason }: StepTool): string {
  if (state === 'missing') return `${name} is missing (${reason})`;
  if (state === 'too_old') return `${name} ${version} is too old, needed: ${minimum}`;
  return version === undefined ? name : `${name} ${version}`;
}

function settingText({ name, value, origin }: StepSetting): string {
  return `${name}: ${JSON.stringify(value)} (${origin})`;
}

function parseFlags({ arguments: args, io }: Invocation): DoctorFlags | undefined {
  const command = new Command('cadre hygiene doctor')
    .description('What each step works with, what is missing, what is settled')
    .option('-p, --path <folder>', 'repository to look at (default: the one around the current folder)')
    .option('--profile <name>', 'the steps of this profile')
    .option('-s, --steps <list>', 'only these steps', commaSeparated)
    .option('--skip <list>', 'all but these steps', commaSeparated)
    .option('--repair', 'install what is missing, after asking')
    .option('-y, --yes', 'install without asking')
    .option('--json', 'print one JSON document and nothing else')
    .option('-q, --quiet', 'no remarks')
    .option('-v, --verbose', 'also programs that are not needed')
    .option('--no-color', 'no colours')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  try {
    return command.parse([...args], { from: 'user' }).opts<DoctorFlags>();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
}
