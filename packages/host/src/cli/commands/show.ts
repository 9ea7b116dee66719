import { plainText, runReport, workflowMermaid } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import type { Effect } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import type { Output } from '../output.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printEffects } from '../show/effects.ts';
import { paint, printReport, rerunOf, sentenceOf } from '../show/report.ts';
import { printTimings } from '../show/timings.ts';
import { withApp } from '../with-app.ts';

export const show: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const id = await resolveRun(app, invocation.arguments[0]);
    const view = VIEWS.find(([option]) => invocation.options[option] === true)?.[1] ?? showReport;
    await view(app, id, invocation);
    return EXIT.ok;
  });

type View = (app: App, id: string, invocation: Invocation) => Promise<void>;

const showReport: View = async (app, id, { output }) => {
  const { state, workflow } = await app.engine.get(id);
  const rows = runReport(workflow, state);
  const { steps: _, ...rest } = state;
  output.document({ id, ...rest, steps: rows });
  const { colours } = output;
  output.line(`${colours.bold(state.workflow)}  ${sentenceOf(state, id)}`);
  output.line(
    colours.dim(`started ${relativeTime(state.createdAt, { now: app.clock.now() })} by ${state.principal}`),
  );
  output.line();
  printReport(rows, output, rerunOf(id));
  printWaiting(rows, id, output);
};

/** Why it does not move, and what would make it. */
function printWaiting(rows: ReturnType<typeof runReport>, id: string, output: Output): void {
  for (const { step, status, question } of rows) {
    if (status !== 'waiting' || question === undefined) continue;
    const answers = question.kind === 'approval' ? 'allow|deny' : 'retry|abort';
    output.line();
    output.line(`${paint('waits', 'yellow', output.colours)} ${step}: ${plainText(question.prompt)}`);
    output.line(`  try: cadre answer ${id} ${answers} --step ${step}`);
  }
}

const showEvents: View = async (app, id, { output, io }) => {
  for await (const event of app.engine.events(id)) {
    if (output.json) io.stdout.write(`${JSON.stringify(event)}\n`);
    const { number, at, type, ...rest } = event;
    output.line(
      `${String(number).padStart(4)} ${new Date(at).toISOString()} ${type} ${plainText(JSON.stringify(rest))}`,
    );
  }
};

const showEffects: View = async (app, id, { output }) => {
  const effects = (await app.engine.effects(id)) as { step: string; effects: readonly Effect[] }[];
  output.document({ id, effects });
  if (effects.every((step) => step.effects.length === 0)) output.line(`${id} changed nothing.`);
  printEffects(effects, output);
};

const showTimings: View = async (app, id, { output }) => printTimings(app, id, output);

const showMermaid: View = async (app, id, { output, io }) => {
  const { state, workflow } = await app.engine.get(id);
  const statuses = Object.fromEntries(runReport(workflow, state).map((row) => [row.step, row.status]));
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
