import {
  answersTo,
  hasBudget,
  type NumberedEvent,
  plainText,
  type RunState,
  runReport,
  type Workflow,
} from '@cadre/core/history';
import { relativeTime } from '@cadre/kit/format';
import type { Effect } from '@cadre/sdk';
import type { Records } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import type { Output } from '../output.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { commitText } from '../show/commit-text.ts';
import { printEffects, summarise } from '../show/effects.ts';
import { paint, printReport, rerunOf, sentenceOf } from '../show/report.ts';
import { runDetails } from '../show/run-details.ts';
import { printStandstill } from '../show/standstill.ts';
import { printTimings, timingsOf } from '../show/timings.ts';
import { sentenceOfUndo } from '../show/undo.ts';
import { withRecords } from '../with-app.ts';

export const show: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const id = await resolveRun(records, invocation.arguments[0]);
    const { compare, format } = invocation.options;
    if (typeof format === 'string') return exportRun(records, id, format, invocation);
    if (typeof compare === 'string') return showComparison(records, compare, id, invocation);
    const view = VIEWS.find(([option]) => invocation.options[option] === true)?.[1] ?? showReport;
    await view(records, id, invocation);
    return EXIT.ok;
  });

type View = (records: Records, id: string, invocation: Invocation) => Promise<void>;

const showReport: View = async (records, id, { output }) => {
  const { state, workflow, rows, record, effects, undone } = await runDetails(records, id);
  const { steps: _, budget: __, charged: ___, warned: ____, allowed: _____, ...rest } = state;
  const standstill = await records.standstill(id);
  const budget = await budgetOf(records, id, workflow, state);
  const { profile, commit, madeCommit, changes } = record;
  output.document({
    id,
    ...rest,
    profile,
    commit,
    madeCommit,
    changes,
    steps: rows,
    undone,
    standstill,
    budget,
  });
  const { colours } = output;
  output.line(`${colours.bold(state.workflow)}  ${sentenceOf(state, id)}`);
  output.line(
    colours.dim(
      `started ${relativeTime(state.createdAt, { now: records.clock.now() })} by ${state.principal}`,
    ),
  );
  const facts = [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...(commit === undefined ? [] : [`commit ${commitText(record)}`]),
    summarise(effects.flatMap((step) => step.effects)) || 'no changes',
  ];
  output.line(colours.dim(facts.join(' · ')));
  if (standstill !== undefined) printStandstill(standstill, records.clock.now(), output);
  for (const entry of undone) {
    output.line(`${paint('undone', 'yellow', colours)} ${sentenceOfUndo(entry, records.clock.now())}`);
    for (const { path, reason } of entry.left) output.line(`  left alone: ${plainText(path)} [${reason}]`);
  }
  output.line();
  printReport(rows, output, rerunOf(id));
  if (budget !== undefined) (await import('../show/budget.ts')).printBudget(budget, output);
  printWaiting(rows, id, output);
};

/** Only who had limits, or used something that is counted, pays for reading the journal once more. */
async function budgetOf(records: Records, id: string, workflow: Workflow, state: RunState) {
  if (state.used === undefined && state.budget === undefined && !hasBudget(workflow)) return undefined;
  const { budgetReport } = await import('@cadre/core');
  const events: NumberedEvent[] = [];
  for await (const event of records.engine.events(id)) events.push(event);
  return budgetReport(workflow, events, records.clock.now());
}

/** Why it does not move, and what would make it. */
function printWaiting(rows: ReturnType<typeof runReport>, id: string, output: Output): void {
  for (const { step, status, question } of rows) {
    if (status !== 'waiting' || question === undefined) continue;
    const isYesOrNo = answersTo(question).includes('allow');
    const answers = isYesOrNo ? 'allow|deny' : 'retry|abort';
    output.line();
    output.line(`${paint('waits', 'yellow', output.colours)} ${step}: ${plainText(question.prompt)}`);
    output.line(`  try: cadre answer ${id} ${answers} --step ${step}`);
  }
}

/** The named run is the earlier one, so that the differences read forwards. */
async function showComparison(
  records: Records,
  named: string,
  id: string,
  { output }: Invocation,
): Promise<number> {
  const { compareRuns, printComparison } = await import('../show/compare.ts');
  const runs = [
    await runDetails(records, await resolveRun(records, named)),
    await runDetails(records, id),
  ] as const;
  const comparison = compareRuns(...runs);
  output.document(comparison);
  printComparison(comparison, runs, output);
  return EXIT.ok;
}

async function exportRun(records: Records, id: string, format: string, { io }: Invocation): Promise<number> {
  const { EXPORTS } = await import('../export/exports.ts');
  const write = EXPORTS[format];
  if (write === undefined) {
    throw usageError(`there is no format "${format}"`, `one of ${Object.keys(EXPORTS).join(', ')}`);
  }
  io.stdout.write(write(await runDetails(records, id)));
  return EXIT.ok;
}

const showEvents: View = async (records, id, { output, io }) => {
  for await (const event of records.engine.events(id)) {
    if (output.json) io.stdout.write(`${JSON.stringify(event)}\n`);
    const { number, at, type, ...rest } = event;
    output.line(
      `${String(number).padStart(4)} ${new Date(at).toISOString()} ${type} ${plainText(JSON.stringify(rest))}`,
    );
  }
};

const showEffects: View = async (records, id, { output }) => {
  const effects = (await records.engine.effects(id)) as { step: string; effects: readonly Effect[] }[];
  output.document({ id, effects });
  if (effects.every((step) => step.effects.length === 0)) output.line(`${id} changed nothing.`);
  printEffects(effects, output);
};

const showTimings: View = async (records, id, { output }) => {
  const found = await timingsOf(records, id);
  output.document({ id, ...found });
  printTimings(found, output);
};

const showMermaid: View = async (records, id, { output, io }) => {
  const { state, workflow } = await records.engine.get(id);
  const statuses = Object.fromEntries(runReport(workflow, state).map((row) => [row.step, row.status]));
  const { workflowMermaid } = await import('@cadre/core');
  const drawing = workflowMermaid(workflow, statuses);
  output.document({ id, mermaid: drawing });
  if (!output.json) io.stdout.write(`${drawing}\n`);
};

const VIEWS: readonly (readonly [option: string, view: View])[] = [
  ['events', showEvents],
  ['effects', showEffects],
  ['timings', showTimings],
  ['mermaid', showMermaid],
];
