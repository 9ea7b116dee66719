import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Peer } from './peer.ts';

/**
 * The ceiling: the least that a durable journal on this machine can cost. One table, one row for each step, group commit,
 * every commit synced; no definition, no decision, no lease, no check of anything.
 */
export const sqliteJournal: Peer = {
  name: 'sqlite-journal',
  async open(folder) {
    const { append, close } = openJournal(folder);
    let runs = 0;
    return {
      async run(steps) {
        const run = `run-${++runs}`;
        await append(run, 0, 'run.started', '{"input":{}}');
        for (let step = 1; step <= steps; step++) {
          await append(run, step, 'step.completed', JSON.stringify({ step, output: { ok: step } }));
        }
        await append(run, steps + 1, 'run.completed', '{}');
      },
      close,
    };
  },
};

export function openJournal(folder: string) {
  const database = new DatabaseSync(join(folder, 'journal.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec(`CREATE TABLE IF NOT EXISTS journal (gid INTEGER PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL,
    type TEXT NOT NULL, data TEXT NOT NULL, ts INTEGER NOT NULL, UNIQUE (run, seq))`);
  const insert = database.prepare('INSERT INTO journal (run, seq, type, data, ts) VALUES (?, ?, ?, ?, ?)');
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let waiting: { row: [string, number, string, string]; resolve: () => void }[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    begin.run();
    for (const { row } of group) insert.run(...row, Date.now());
    commit.run();
    for (const { resolve } of group) resolve();
  }

  return {
    append(...row: [string, number, string, string]): Promise<void> {
      if (waiting.length === 0) setImmediate(flush);
      return new Promise((resolve) => waiting.push({ row, resolve }));
    },
    /** Each run with the number of its last row, as whoever goes on with it has to know. */
    lastNumbers: () =>
      database
        .prepare('SELECT run, max(seq) AS seq FROM journal GROUP BY run')
        .all()
        .map((row) => ({ run: String(row['run']), seq: Number(row['seq']) })),
    async close() {
      database.close();
    },
  };
}
