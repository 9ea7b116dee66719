import { join } from 'node:path';
import { isDestructive, type Problem, plainText, runReport, waves, workflowMermaid } from '@cadre/core';
import type { Effect } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, exitCodeOfInterrupt, exitCodeOfRun, usageError } from '../exit.ts';
import { findPlace } from '../open-workspace.ts';
import { createOutput, type Output } from '../output.ts';
import { openQuestions, TurnedAway } from '../questions.ts';
import { holdingWorkflow } from '../run/hold.ts';
import { lackingGrants, printLacking } from '../run/lacking-grants.ts';
import { peekLogFlags } from '../run/log-flags.ts';
import { peekFlag } from '../run/peek-flag.ts';
import { type Ended, performRun } from '../run/perform-run.ts';
import { type Prepared, prepareRun } from '../run/prepare.ts';
import { refuseBare } from '../run/refuse-bare.ts';
import { printEffects, type StepEffects, summarise } from '../show/effects.ts';
import { openingLine } from '../show/opening.ts';
import { plannedLimits, printPlannedLimits } from '../show/planned-limits.ts';
import { didNothing, printReport, rerunOf, sentenceOf, topStep } from '../show/report.ts';
import { printTimings, timingsOf } from '../show/timings.ts';
import { withApp } from '../with-app.ts';

export const run: CommandHandler = (invocation) => runWorkflow(invocation, false);
export const plan: CommandHandler = (invocation) => runWorkflow(invocation, true);

/** With `planOnly` nothing is ever applied, whatever else is said. */
export async function runWorkflow(given: Invocation, planOnly: boolean): Promise<number> {
  const args = [...given.arguments];
  const at = args.findIndex((argument) => !argument.startsWith('-'));
  const name = at < 0 ? undefined : args.splice(at, 1)[0];
  if (name === undefined) throw usageError('which workflow?', 'cadre run hygiene');
  const invocation = withGlobalFlags(given, args);
  const folder = peekFlag(args, ['--path', '-p', '--workspace', '-C']) ?? given.global.workspace ?? '.';
  const work = withApp(
    invocation,
    async (app) => {
      const place = await findPlace(folder, invocation.io.cwd);
      const prepared = await prepareRun(app, name, args, place, invocation);
      if (prepared === undefined) return EXIT.ok;
      if (prepared.flags.mermaid === true) return printMermaid(prepared, invocation);
      if (prepared.workflow.name === 'hygiene') await refuseBare(join(place.root, place.path));
      const interrupted = await app.engine.recover();
      const way = wayOf(app, prepared, planOnly, invocation);
      const code = await holdingWorkflow(app, prepared, invocation, async () => {
        invocation.output.line(await openingLine(prepared, place, way));
        return WAYS[way](app, prepared, invocation);
      });
      await finishOthers(app, interrupted, invocation);
      return code;
    },
    folder,
  );
  return work.catch((error) => {
    if (error instanceof TurnedAway) return EXIT.interrupted;
    throw error;
  });
}

/** Runs whose process had died were taken over at the start; to leave now would interrupt them again. */
async function finishOthers(app: App, runs: readonly string[], { io, output }: Invocation): Promise<void> {
  for (const run of runs) {
    const state = await app.engine.settled(run, io.interrupted);
    output.note(`went on with an interrupted run: ${sentenceOf(state, run)}`);
  }
}

/** A workflow's command line is parsed late: `--json` and the like, and where to log, must be known before. */
export function withGlobalFlags(invocation: Invocation, args: readonly string[]): Invocation {
  const has = (...flags: string[]) => flags.some((flag) => args.includes(flag));
  const global = {
    ...invocation.global,
    ...(has('--json') ? { json: true } : {}),
    ...(has('--quiet', '-q') ? { quiet: true } : {}),
    ...(has('--verbose', '-v') ? { verbose: true } : {}),
    ...(has('--no-color') ? { color: false } : {}),
  };
  return {
    ...invocation,
    global,
    options: { ...invocation.options, ...peekLogFlags(args) },
    output: createOutput(invocation.io, global),
  };
}

/** Effects are shown first and applied after a question or `--yes`; with `--plan` never. */
function wayOf(
  app: App,
  { workflow, flags }: Prepared,
  planOnly: boolean,
  { io, output }: Invocation,
): keyof typeof WAYS {
  if (planOnly || flags.plan === true) return 'plan';
  const destructive = isDestructive(workflow, (uses) => app.workers.resolve(uses).action.effects);
  if (!destructive || flags.yes === true) return 'apply';
  return io.interactive && !output.json ? 'plan, then ask' : 'plan';
}

const WAYS = { plan: planAndStop, apply, 'plan, then ask': planAndAsk } as const;

async function planAndAsk(app: App, prepared: Prepared, invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const questions = await openQuestions(invocation.io);
  for (;;) {
    const planned = await makePlan(app, prepared, invocation);
    if (planned.state.status === 'cancelled') return exitCodeOfInterrupt(invocation.io);
    printPlan(planned, prepared, invocation);
    if (planned.effects.every(({ effects }) => effects.length === 0)) return exitOf(planned, invocation);
    if (!(await questions.yes('Apply this plan?', true))) {
      output.line('Nothing was changed.');
      return EXIT.ok;
    }
    if (await app.planStillHolds(planned.id)) return apply(app, prepared, invocation);
    output.line('Files changed while you read the plan [changed_meanwhile]; here is the new one.');
  }
}

interface Planned extends Ended {
  readonly effects: readonly StepEffects[];
  readonly rows: ReturnType<typeof runReport>;
}

async function makePlan(app: App, prepared: Prepared, invocation: Invocation): Promise<Planned> {
  const { workflow, inputs, profile, flags } = prepared;
  const noCache = flags.cache === false;
  const ended = await performRun(app, { workflow, inputs, profile, mode: 'plan', noCache }, invocation);
  await app.rememberPlan(ended.id);
  const effects = (await app.engine.effects(ended.id)) as { step: string; effects: readonly Effect[] }[];
  return { ...ended, effects, rows: runReport(workflow, ended.state) };
}

async function planAndStop(app: App, prepared: Prepared, invocation: Invocation): Promise<number> {
  const planned = await makePlan(app, prepared, invocation);
  const { output } = invocation;
  const lacking = await lackingGrants(app, prepared.workflow);
  const drawn = prepared.workflow.mode === 'graph' ? { waves: waves(prepared.workflow) } : {};
  output.document({
    plan: planned.id,
    status: planned.state.status,
    ...drawn,
    steps: planned.rows,
    effects: planned.effects,
    warnings: prepared.warnings,
    limits: limitsOf(app, prepared),
    lacking,
  });
  printPlan(planned, prepared, invocation);
  printLacking(lacking, output);
  printPlannedLimits(limitsOf(app, prepared), output);
  output.line('\nNothing was changed: this was the plan. Apply it with --yes.');
  return planned.state.status === 'cancelled' ? exitCodeOfInterrupt(invocation.io) : EXIT.ok;
}

function limitsOf(app: App, { workflow }: Prepared) {
  return plannedLimits(workflow, (uses) => app.workers.resolve(uses).action.cost);
}

function printPlan(planned: Planned, { warnings }: Prepared, { output }: Invocation): void {
  output.line();
  const again = (step: string) => `cadre run ${planned.state.workflow} --steps ${topStep(step)} --plan`;
  printReport(planned.rows, output, again);
  for (const warning of warnings) output.line(warningLine(warning, output));
  const { failure } = planned.state;
  if (failure?.code === 'tool_missing') output.line(`\n${plainText(`${failure.message} – ${failure.hint}`)}`);
  output.line(`\n${output.colours.bold('What would change')}`);
  printEffects(planned.effects, output);
  if (planned.effects.every(({ effects }) => effects.length === 0)) output.line('  nothing');
}

function warningLine({ message, suggestion, code }: Problem, { colours }: Output): string {
  const hint = suggestion === undefined ? '' : ` – ${suggestion}`;
  return `${colours.yellow('warning')} ${message} ${colours.dim(`[${code}]`)}${hint}`;
}

async function apply(app: App, prepared: Prepared, invocation: Invocation): Promise<number> {
  const { workflow, inputs, profile, flags, warnings } = prepared;
  const { output } = invocation;
  for (const warning of warnings) output.note(warningLine(warning, output));
  const noCache = flags.cache === false;
  const ended = await performRun(app, { workflow, inputs, profile, mode: 'apply', noCache }, invocation);
  const rows = runReport(workflow, ended.state);
  const effects = (await app.engine.effects(ended.id)) as readonly StepEffects[];
  const { status, failure, output: result } = ended.state;
  const times = flags.timings === true ? await timingsOf(app, ended.id) : undefined;
  const idle = didNothing(rows) ? { nothingToDo: true } : {};
  output.document({
    run: ended.id,
    status,
    ...idle,
    failure,
    output: result,
    steps: rows,
    effects,
    warnings,
    ...times,
  });
  output.line();
  printReport(rows, output, rerunOf(ended.id));
  const changes = summarise(effects.flatMap((step) => step.effects));
  const done = changes !== '' ? changes : didNothing(rows) ? 'nothing to do' : 'no changes';
  output.line(`\n${sentenceOf(ended.state, ended.id)}; ${done}`);
  output.line(output.colours.dim(`cadre show ${ended.id} --effects   shows every change`));
  if (times !== undefined) printTimings(times, output);
  return exitOf(ended, invocation);
}

function exitOf({ state }: Ended, { io }: Invocation): number {
  return exitCodeOfRun(state.status, state.failure, io);
}

function printMermaid({ workflow }: Prepared, { io, output }: Invocation): number {
  const drawing = workflowMermaid(workflow);
  output.document({ workflow: workflow.name, mermaid: drawing });
  if (!output.json) io.stdout.write(`${drawing}\n`);
  return EXIT.ok;
}
