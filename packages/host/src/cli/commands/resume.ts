import { isOver, runReport } from '@cadre/core/history';
import type { App } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, exitCodeOfRun } from '../exit.ts';
import { stayWith } from '../run/perform-run.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printReport, rerunOf, sentenceOf } from '../show/report.ts';
import { withApp } from '../with-app.ts';

export const resume: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const [named] = invocation.arguments;
    const taken = await app.engine.recover();
    const ids = named === undefined ? taken : [await resolveRun(app, named)];
    if (ids.length === 0) output.line('No run is waiting to go on.');
    const codes: number[] = [];
    for (const id of ids) codes.push(await follow(app, id, invocation));
    return Math.max(EXIT.ok, ...codes);
  });

async function follow(app: App, id: string, invocation: Invocation): Promise<number> {
  const { workflow, state: before } = await app.engine.get(id);
  if (!isOver(before.status)) await app.engine.resume(id);
  const { state } = await stayWith(app, id, workflow, invocation);
  const rows = runReport(workflow, state);
  invocation.output.document({ run: id, status: state.status, steps: rows });
  printReport(rows, invocation.output, rerunOf(id));
  invocation.output.line(`\n${sentenceOf(state, id)}`);
  return exitCodeOfRun(state.status, state.failure, invocation.io);
}

export const rerun: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const id = await resolveRun(app, invocation.arguments[0]);
    const { workflow, state } = await app.engine.get(id);
    const { from } = invocation.options;
    const rows = runReport(workflow, state);
    const first = typeof from === 'string' ? from : rows.find((row) => !isGood(row.status))?.step;
    const again = await app.engine.rerun(id, first ?? rows[0]?.step ?? '', app.principal);
    invocation.output.note(`${again} reuses the results of ${id} before ${first ?? 'its first step'}`);
    return follow(app, again, invocation);
  });

const isGood = (status: string) => status === 'succeeded' || status === 'skipped';
