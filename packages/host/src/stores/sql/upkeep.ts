import { createHash } from 'node:crypto';
import { type Due, type Hold, KEPT_CLASSES, type Pin, type Tombstone } from '../../ports/upkeep.ts';
import { change, type Row, type Script, type SqlValue } from '../database.ts';

export const COUNT_RUNS = `SELECT workflow, mode, status, sum(runs) AS runs FROM run_counts
  GROUP BY workflow, mode, status HAVING sum(runs) > 0 ORDER BY workflow, mode, status`;

export const SUM_SIZES = `SELECT class, sum(runs) AS runs, sum(rows) AS rows, sum(bytes) AS bytes FROM kept_sizes
  GROUP BY class ORDER BY class`;

export const LIST_REMOVABLE = `SELECT kept.run, kept.ended_at, kept.bytes, runs.id,
  kept.rows + (SELECT count(*) FROM stream_events WHERE stream_events.run = kept.run) AS rows
  FROM kept JOIN runs ON runs.key = kept.run
  WHERE kept.class = ?1 AND (kept.ended_at, kept.run) > (?2, ?3)
    AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.run = runs.id)
    AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.run = kept.root)
    AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.workflow IN ('*', runs.workflow))
    AND NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.origin = runs.id AND later.ended_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM runs AS around WHERE around.id = kept.root AND around.ended_at IS NULL)
  ORDER BY kept.ended_at, kept.run LIMIT ?4`;

export const FIND_TOMBSTONE = 'SELECT * FROM tombstones WHERE run = ?1';
/** When the newest of those was removed that are more than so many. */
export const FORGET_BEFORE = `SELECT removed_at FROM tombstones WHERE removed_at >= 0
  ORDER BY removed_at DESC LIMIT 1 OFFSET ?1`;
const SET_FORGETTING = 'UPDATE forgetting SET before = ?1 WHERE before < ?1';
const FORGET = `DELETE FROM tombstones WHERE run IN (
  SELECT run FROM tombstones WHERE removed_at < ?1 ORDER BY removed_at LIMIT ?2)`;

/** Some of the tombstones from before a time; answers how many. The database refuses when too few would stay. */
export function* forgetTombstones(before: number): Script<number> {
  yield change(SET_FORGETTING, before);
  return (yield change(FORGET, before, MOST_ROWS)).changes;
}

export const EXPIRE_RESULTS = 'DELETE FROM results WHERE expires_at <= ?1';
export const PIN = `INSERT INTO pins (run, principal, at, reason) SELECT id, ?2, ?3, ?4 FROM runs WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM removing WHERE run = runs.key)
  ON CONFLICT (run) DO UPDATE SET principal = excluded.principal, at = excluded.at, reason = excluded.reason`;
export const UNPIN = 'DELETE FROM pins WHERE run = ?1';
export const LIST_PINS = 'SELECT run, principal, at, reason FROM pins ORDER BY at, run';
export const HOLD = `INSERT INTO holds (name, workflow, principal, at, reason) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (name) DO UPDATE SET workflow = excluded.workflow, principal = excluded.principal, at = excluded.at,
    reason = excluded.reason`;
export const RELEASE_HOLD = 'DELETE FROM holds WHERE name = ?1';
export const LIST_HOLDS = 'SELECT name, workflow, principal, at, reason FROM holds ORDER BY name';

/** Rows of one transaction: some milliseconds, in which nobody else may write. */
export const MOST_ROWS = 400;

const READ_CHUNK =
  'SELECT number, version, event FROM events WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3';

/** Of events that nobody can change any more, so it need not be made in the transaction that removes them. */
export async function digestOfEvents(
  read: (sql: string, parameters: readonly SqlValue[]) => Promise<readonly Row[]>,
  key: number,
): Promise<string> {
  const hash = createHash('sha256');
  let after = 0;
  for (;;) {
    const rows = await read(READ_CHUNK, [key, after, MOST_ROWS]);
    for (const { number, version, event } of rows) hash.update(`${number} ${version} ${event}\n`);
    if (rows.length < MOST_ROWS) return hash.digest('hex');
    after = Number(rows.at(-1)?.['number']);
  }
}

const BURY = `INSERT INTO tombstones (run, status, ended_at, number, digest, removed_at)
  SELECT id, status, ended_at, number, ?2, ?3 FROM runs WHERE key = ?1 AND ended_at IS NOT NULL
  ON CONFLICT (run) DO NOTHING`;

const BESIDE = { logs: 'number', effects: 'id', documents: 'name', stream_events: 'id' } as const;

export const BESIDE_TABLES = ['logs', 'effects', 'documents', 'stream_events'] as const;

/**
 * From here on the run is being removed, and nobody can pin it any more. False: somebody else removes it. When it was
 * pinned, held or referred to meanwhile, the database itself refuses (migration 6).
 */
export function* buryRun({ key, run }: Due, digest: string, now: number): Script<boolean> {
  if ((yield change(BURY, key, digest, now)).changes === 0) return false;
  yield change('INSERT INTO removing (run, id) VALUES (?1, ?2)', key, run);
  return true;
}

/** Everything of a run that is being removed, in one transaction. */
export function* removeWhole(key: number): Script<void> {
  for (const table of BESIDE_TABLES) yield change(`DELETE FROM ${table} WHERE run = ?1`, key);
  yield* removeRecord(key);
  yield change('DELETE FROM events WHERE run = ?1', key);
  yield change('DELETE FROM removing WHERE run = ?1', key);
}

/** From here on nobody finds it. */
export function* removeRecord(key: number): Script<void> {
  for (const kept of KEPT_CLASSES) {
    yield change(
      'DELETE FROM kept WHERE class = ?1 AND ended_at = (SELECT ended_at FROM runs WHERE key = ?2) AND run = ?2',
      kept,
      key,
    );
  }
  yield change('DELETE FROM artifact_uses WHERE run = (SELECT id FROM runs WHERE key = ?1)', key);
  yield change('DELETE FROM runs WHERE key = ?1', key);
}

/** Some rows of what stands beside a run. True: those were the last ones. */
export function* removeBeside(table: keyof typeof BESIDE, key: number): Script<boolean> {
  const column = BESIDE[table];
  const { changes } = yield change(
    `DELETE FROM ${table} WHERE run = ?1 AND ${column} IN (SELECT ${column} FROM ${table} WHERE run = ?1
      ORDER BY ${column} LIMIT ?2)`,
    key,
    MOST_ROWS,
  );
  return changes < MOST_ROWS;
}

/** Some events of a run whose record is gone. True: that was the last of it. */
export function* removeEvents(key: number): Script<boolean> {
  const { changes } = yield change(
    'DELETE FROM events WHERE run = ?1 AND number IN (SELECT number FROM events WHERE run = ?1 ORDER BY number LIMIT ?2)',
    key,
    MOST_ROWS,
  );
  if (changes === MOST_ROWS) return false;
  yield change('DELETE FROM removing WHERE run = ?1', key);
  return true;
}

export const LIST_REMOVING = 'SELECT run FROM removing ORDER BY run';

/** The logs of a run that is over, without the run; unless it was pinned or held meanwhile. */
export function* removeLogs({ key, endedAt }: Due): Script<boolean> {
  const { changes } = yield change(
    `DELETE FROM kept WHERE class = 'logs' AND ended_at = ?1 AND run = ?2 AND NOT EXISTS (
      SELECT 1 FROM runs JOIN pins ON pins.run IN (runs.id, kept.root) WHERE runs.key = ?2)
      AND NOT EXISTS (SELECT 1 FROM runs JOIN holds ON holds.workflow IN ('*', runs.workflow) WHERE runs.key = ?2)`,
    endedAt,
    key,
  );
  if (changes === 0) return false;
  yield change('DELETE FROM logs WHERE run = ?1', key);
  return true;
}

export function readDue(row: Row): Due {
  return {
    key: Number(row['run']),
    run: String(row['id']),
    endedAt: Number(row['ended_at']),
    rows: Number(row['rows']),
    bytes: Number(row['bytes']),
  };
}

export function readTombstone(row: Row): Tombstone {
  return {
    run: String(row['run']),
    status: row['status'] as Tombstone['status'],
    endedAt: Number(row['ended_at']),
    number: Number(row['number']),
    digest: String(row['digest']),
    removedAt: Number(row['removed_at']),
  };
}

export function readPin(row: Row): Pin & { readonly run: string } {
  return {
    run: String(row['run']),
    principal: String(row['principal']),
    at: Number(row['at']),
    reason: String(row['reason']),
  };
}

export function readHold(row: Row): Hold & { readonly name: string } {
  return {
    name: String(row['name']),
    workflow: String(row['workflow']),
    principal: String(row['principal']),
    at: Number(row['at']),
    reason: String(row['reason']),
  };
}
