import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

/** Moves everything that is kept for the workspace between SQLite and PostgreSQL. */
export const migrate: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { options, output } = invocation;
    const { to } = options;
    if (typeof to !== 'string') throw usageError('where to?', 'cadre migrate --to secret:STORE_URL');
    const moved = await app.moveStore(to, options['plan'] === true, (table, rows) => {
      if (rows % 10_000 === 0) output.note(`${table}: ${rows}`);
    });
    output.document(moved);
    printTable(
      ['table', 'rows'],
      Object.entries(moved.rows).map(([table, rows]) => [table, String(rows)]),
      output,
    );
    output.line(`\nfrom ${moved.from}\nto   ${moved.to}`);
    if (!moved.done) {
      output.line('Nothing was moved: this was the plan.');
      return EXIT.ok;
    }
    output.line(
      'Both hold the same, by count and digest. The old store stays as it is, and is used no more once you',
    );
    output.line(
      to === 'sqlite'
        ? 'remove store.url (CADRE_STORE__URL).'
        : 'set store.url to the new address (CADRE_STORE__URL).',
    );
    return EXIT.ok;
  });
