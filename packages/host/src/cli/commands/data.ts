import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bytes, relativeTime } from '@cadre/kit/format';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findPlace } from '../open-workspace.ts';
import type { Output } from '../output.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const backUp: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output } = invocation;
    const made = await app.backUp(resolve(io.cwd, invocation.arguments[0] ?? ''));
    const { size } = await stat(made.file);
    output.document({ ...made, bytes: size });
    printRows(made.rows, output);
    output.line(`\n${made.file} (${bytes(size)}): read again, and whole.`);
    return EXIT.ok;
  });

/** Nothing is counted for it: see decision 14. */
export const dataSizes: CommandHandler = (invocation) =>
  withApp(invocation, async ({ upkeep, artifacts, auditRemoval, store }) => {
    const { output } = invocation;
    const [kept, large, counts] = [await upkeep.sizes(), await artifacts.sizes(), await upkeep.counts()];
    const sum = (mode: string) =>
      counts.filter((one) => one.mode === mode).reduce((total, { runs }) => total + runs, 0);
    const extent = await auditRemoval.extent();
    const records = extent === undefined ? 0 : extent.last - extent.first + 1;
    output.document({
      place: store.place,
      runs: sum('apply'),
      plans: sum('plan'),
      kept,
      artifacts: large,
      audit: { records },
    });
    output.line(
      `${store.place}: ${sum('apply')} runs and ${sum('plan')} plans, those that are not over included`,
    );
    output.line();
    printTable(
      ['class', 'count', 'size'],
      [
        ...kept.map(({ class: name, runs, bytes: size }) => [`${name} (over)`, String(runs), bytes(size)]),
        ...large.map(({ class: name, artifacts: count, bytes: size }) => [
          `artifacts, ${name}`,
          String(count),
          bytes(size),
        ]),
        ['audit', String(records), ''],
      ],
      output,
    );
    return EXIT.ok;
  });

/** Without opening the store: that it cannot be opened may be the reason. */
export const restoreData: CommandHandler = async ({ io, output, global, arguments: given, options }) => {
  const { restoreStore } = await import('../../data-restore.ts');
  const place = await findPlace(global.workspace ?? '.', io.cwd);
  const file = resolve(io.cwd, given[0] ?? '');
  const restored = await restoreStore({ place, env: io.env, file, planOnly: options['plan'] === true });
  output.document(restored);
  printRows(restored.rows, output);
  output.line(`\nmade ${relativeTime(restored.madeAt, { now: Date.now() })}`);
  if (!restored.done) output.line('Nothing was restored: this was the plan.');
  else if (restored.former !== undefined) output.line(`The former store is kept: ${restored.former}`);
  return EXIT.ok;
};

function printRows(rows: Readonly<Record<string, number>>, output: Output): void {
  printTable(
    ['table', 'rows'],
    Object.entries(rows).map(([table, count]) => [table, String(count)]),
    output,
  );
}
