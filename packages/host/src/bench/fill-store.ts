import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';

const EVENTS = 3;
const BATCH = 20_000;

/** A store with so many runs that are over, made by statements alone: triggers count them as they would any others. */
export async function fillStore(path: string, runs: number, now: number): Promise<void> {
  await (await openSqliteStore(path)).close();
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA synchronous = OFF; INSERT OR IGNORE INTO definitions (hash, workflow) VALUES ('h', '{"name":"w"}')`,
  );
  for (let first = 0; first < runs; first += BATCH) {
    const last = Math.min(runs, first + BATCH) - 1;
    const each = `WITH RECURSIVE n (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
    // A run each minute up to now, of ten workflows.
    const at = `${now} - (${runs} - i) * 60000`;
    database.exec(`BEGIN;
      INSERT INTO runs (id, workflow, definition, mode, status, principal, created_at, started_at, number)
        ${each} SELECT printf('run_%026d', i), 'w' || (i % 10), 'h', 'apply', 'running', 'user:ada', ${at}, ${at}, ${EVENTS} FROM n;
      INSERT INTO events (run, number, version, event)
        ${each} SELECT i + 1, e.value, 1, json_object('at', ${at}, 'type', 'run.started', 'pad', printf('%0120d', i))
        FROM n, json_each('[1,2,3]') AS e;
      UPDATE runs SET status = CASE key % 50 WHEN 0 THEN 'failed' ELSE 'succeeded' END, ended_at = created_at + 1000
        WHERE key BETWEEN ${first + 1} AND ${last + 1} AND ended_at IS NULL;
      COMMIT`);
  }
  database.exec('PRAGMA optimize = 0x10002; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
