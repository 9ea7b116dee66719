import { CadreError } from '@cadre/core';
import type { App } from '../../app.ts';
import type { UndoPlan } from '../../undo/open-undo.ts';
import type { UndoEntry } from '../../undo/undo-entry.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { confirmChange } from '../run/confirm-change.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printPutBack, printUndoPlan, sentenceOfUndo } from '../show/undo.ts';
import { withApp } from '../with-app.ts';

/** Shows what it would put back, asks, does it. Exit 1 when something had to be left as it is. */
export const undo: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const run = await resolveRun(app, invocation.arguments[0]);
    return invocation.options['back'] === true
      ? takeBack(app, run, invocation)
      : undoRun(app, run, invocation);
  });

async function undoRun(app: App, run: string, invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const plan = await app.undo.plan(run);
  const doable = plan.changes.filter(({ standing }) => standing === 'restorable');
  if (doable.length === 0) return nothingToDo(app, plan, invocation);
  output.line(`Undoing ${run} would put ${plan.unfinished ? 'it to an end and ' : ''}back:`);
  printUndoPlan(plan, output);
  const confirmed = await confirmChange(invocation, 'Undo this run?');
  if (confirmed !== 'yes') {
    output.document({ ...documentOf(plan), status: 'planned' });
    return confirmed === 'interrupted' ? EXIT.interrupted : EXIT.ok;
  }
  const entry = await app.undo.apply(run, app.principal);
  output.document({ ...documentOf(plan), status: 'undone', undo: entry });
  printPutBack(entry, output);
  output.line(output.colours.dim(`cadre undo ${run} --back   takes this back`));
  return entry.left.length === 0 ? EXIT.ok : EXIT.failed;
}

function documentOf({ undone, ...plan }: UndoPlan) {
  return undone === undefined ? plan : { ...plan, undone };
}

/** Why not: it is undone already, changed nothing, is too old, or others have changed everything since. */
async function nothingToDo(app: App, plan: UndoPlan, { output }: Invocation): Promise<number> {
  const { run, undone } = plan;
  const left = plan.changes.filter(({ standing }) => standing !== 'as_before');
  if (undone !== undefined) {
    output.document({ ...documentOf(plan), status: 'already_undone' });
    output.line(`${run} is undone already: ${sentenceOfUndo(undone, app.clock.now())}`);
  } else if (!plan.kept) {
    const { changes } = await app.engine.record(run);
    if (changes > 0) throw notKept(run, app.config.undo.keep);
    output.document({ ...documentOf(plan), status: 'nothing_to_undo' });
    output.line(`${run} changed no files: there is nothing to undo.`);
  } else {
    output.document({ ...documentOf(plan), status: 'nothing_to_undo' });
    output.line(
      plan.changes.length === 0
        ? `${run} left every file as it was: there is nothing to undo.`
        : 'Nothing can be put back.',
    );
  }
  printUndoPlan(plan, output);
  return left.length === 0 ? EXIT.ok : EXIT.failed;
}

function notKept(run: string, keep: number): CadreError {
  const why =
    keep === 0 ? 'the setting undo.keep is 0' : `only the newest ${keep} runs are kept (setting undo.keep)`;
  return new CadreError('not_found', `what ${run} changed is not kept: ${why}`, {
    hint: 'its backup may be there: cadre hygiene restore RUN --to FOLDER',
  });
}

async function takeBack(app: App, run: string, invocation: Invocation): Promise<number> {
  const { output, options } = invocation;
  const undone = (await app.undo.history(run)).findLast(({ takenBack }) => takenBack === undefined);
  if (undone === undefined) throw usageError(`${run} is not undone`, `cadre undo ${run} --plan`);
  output.line(`The changes of ${run} would be there again in:`);
  for (const path of [...undone.restored, ...undone.removed].sort()) output.line(`  ${path}`);
  const confirmed = await confirmChange({ ...invocation, options }, 'Take the undoing back?');
  if (confirmed !== 'yes') {
    output.document({ run, status: 'planned', undo: undone });
    return confirmed === 'interrupted' ? EXIT.interrupted : EXIT.ok;
  }
  const entry: UndoEntry = await app.undo.takeBack(run, app.principal);
  output.document({ run, status: 'taken_back', undo: entry });
  const { takenBack } = entry;
  if (takenBack !== undefined) printPutBack(takenBack, output);
  return (takenBack?.left.length ?? 0) === 0 ? EXIT.ok : EXIT.failed;
}
