import type { JsonObject } from '@cadre/sdk';
import type {
  Begun,
  Firing,
  FiringEnd,
  FiringFilter,
  FiringRecord,
  FiringStore,
  NewFiring,
} from '../../ports/firing-store.ts';
import { change, query, type Row, type Script, type SqlValue, type Statement } from '../database.ts';

const RECORD = `id, trigger_name, key, due, claimed_at, priority, status, attempt, not_before, started_at, ended_at, run,
  failure`;

/** Every column of a firing, in a query that joins other tables. */
const OF_FIRING = RECORD.split(/,\s*/)
  .map((column) => `f.${column}`)
  .join(', ');

/** Undefined: it was there already. */
export function* insertFiring(firing: NewFiring): Script<FiringRecord | undefined> {
  const [row] = (yield query(
    `INSERT INTO firings (trigger_name, key, due, claimed_at, priority, status, attempt, not_before, event, ended_at, failure)
     VALUES (?1, ?2, ?3, ?4, ?5, ?8, 1, ?6, ?7, ?9, ?10) ON CONFLICT (trigger_name, key) DO NOTHING RETURNING ${RECORD}`,
    firing.trigger,
    firing.key,
    firing.due,
    firing.claimedAt,
    firing.priority,
    firing.notBefore,
    JSON.stringify(firing.event),
    firing.skipped === undefined ? 'waiting' : 'skipped',
    firing.skipped === undefined ? null : firing.claimedAt,
    firing.skipped === undefined ? null : JSON.stringify(firing.skipped),
  )).rows;
  if (row === undefined) return undefined;
  const added = readFiringRecord(row);
  yield tellFiring(added.id, firing.claimedAt, 'added');
  if (firing.skipped !== undefined) {
    yield tellFiring(added.id, firing.claimedAt, 'skipped', { failure: { ...firing.skipped } });
  }
  return added;
}

/** Who tells it has the firing's row in hand, so that nobody else gives the same number. */
const TELL_FIRING = `INSERT INTO stream_events (stream, number, at, topic, subject, data)
  SELECT 'firing:' || id,
    (SELECT coalesce(max(number), 0) + 1 FROM stream_events WHERE stream = 'firing:' || firings.id),
    ?2, ?3, trigger_name, ?4 FROM firings WHERE id = ?1`;

function tellFiring(id: number, at: number, verb: string, data: JsonObject = {}): Statement {
  return change(TELL_FIRING, id, at, `firing.${verb}`, JSON.stringify(data));
}

export function* addFiring(firing: NewFiring): Script<{ added: boolean; firing: FiringRecord }> {
  const added = yield* insertFiring(firing);
  if (added !== undefined) return { added: true, firing: added };
  const [there] = (yield query(
    `SELECT ${RECORD} FROM firings WHERE trigger_name = ?1 AND key = ?2`,
    firing.trigger,
    firing.key,
  )).rows;
  if (there === undefined) throw new Error(`bug: the firing ${firing.key} is neither new nor there`);
  return { added: false, firing: readFiringRecord(there) };
}

const NOT_PAUSED = `NOT EXISTS (SELECT 1 FROM trigger_states s WHERE s.trigger_name = f.trigger_name AND s.paused = 1)`;

/** Those that waited longest within a level go first; each `?2` of waiting is worth a level, whole ones (SQLite divides what it is handed as
 * fractions). */
export function listReady(
  now: number,
  agingMs: number,
  limit: number,
  without: readonly string[],
): Statement {
  const parameters: SqlValue[] = [now, agingMs, limit];
  const names = without.map((name) => `?${parameters.push(name)}`);
  const others = names.length === 0 ? '' : `AND f.trigger_name NOT IN (${names.join(', ')})`;
  const sql = `SELECT ${OF_FIRING}, f.event FROM firings f
    WHERE f.status = 'waiting' AND f.not_before <= ?1 AND ${NOT_PAUSED} ${others}
    ORDER BY f.priority + CAST((?1 - f.claimed_at) / ?2 AS BIGINT) DESC, f.id LIMIT ?3`;
  return { sql, parameters, rows: true };
}

export const NEXT_READY =
  "SELECT min(not_before) AS at FROM firings WHERE status = 'waiting' AND not_before > ?1";

export const COUNT_WAITING =
  "SELECT count(*) AS waiting FROM (SELECT 1 FROM firings WHERE status = 'waiting' LIMIT ?1) AS first_ones";

/** A run that waits for a person takes no slot; one that is over is nobody's hindrance, also before that was noted. */
export const COUNT_RUNNING = `SELECT count(*) AS running FROM firings f LEFT JOIN runs r ON r.id = f.run
  WHERE f.status = 'running' AND r.ended_at IS NULL AND coalesce(r.status, 'queued') <> 'waiting'`;

const COUNT_NOTED = "SELECT count(*) AS running FROM firings WHERE status = 'running'";

function* count(sql: string): Script<number> {
  const [row] = (yield query(sql)).rows;
  return Number(row?.['running']);
}

const RUNNING_OF_TRIGGER = `SELECT f.run FROM firings f LEFT JOIN runs r ON r.id = f.run
  WHERE f.status = 'running' AND f.trigger_name = ?1 AND r.ended_at IS NULL ORDER BY f.id`;

const FIND_WAITING = `SELECT f.trigger_name FROM firings f
  WHERE f.id = ?1 AND f.attempt = ?2 AND f.status = 'waiting' AND ${NOT_PAUSED}`;

/** To be run one after the other over all processes. */
export function* beginFiring(id: number, how: Parameters<FiringStore['begin']>[1]): Script<Begun> {
  const { attempt, run, now, overlap, atOnce } = how;
  const [found] = (yield query(FIND_WAITING, id, attempt)).rows;
  if (found === undefined) return { ok: false, reason: 'gone' };
  const running =
    overlap === 'allow' ? [] : (yield query(RUNNING_OF_TRIGGER, String(found['trigger_name']))).rows;
  if (running.length > 0 && overlap === 'skip') {
    yield* endFiring(id, attempt, now, {
      status: 'skipped',
      failure: { code: 'overlap', message: `${String(running[0]?.['run'])} was still going on` },
    });
    return { ok: false, reason: 'busy' };
  }
  if (running.length > 0 && overlap === 'queue') return { ok: false, reason: 'busy' };
  // The exact number costs a look at each run, so it is asked for where it decides.
  if ((yield* count(COUNT_NOTED)) >= atOnce && (yield* count(COUNT_RUNNING)) >= atOnce) {
    return { ok: false, reason: 'full' };
  }
  yield change(
    "UPDATE firings SET status = 'running', run = ?2, started_at = ?3 WHERE id = ?1",
    id,
    run,
    now,
  );
  yield tellFiring(id, now, 'started', { run });
  return { ok: true, cancel: overlap === 'cancel-running' ? running.map((row) => String(row['run'])) : [] };
}

const ENDINGS: Readonly<Record<FiringEnd['status'], string>> = {
  waiting: 'retried',
  succeeded: 'succeeded',
  skipped: 'skipped',
  cancelled: 'cancelled',
  dead: 'buried',
};

/** False: it was over, or at another attempt. */
export function* endFiring(id: number, attempt: number, now: number, end: FiringEnd): Script<boolean> {
  const { changes } = yield setEnd(id, attempt, now, end);
  if (changes === 0) return false;
  const data = end.failure === undefined ? {} : { failure: { ...end.failure } };
  yield tellFiring(id, now, ENDINGS[end.status], data);
  return true;
}

function setEnd(id: number, attempt: number, now: number, end: FiringEnd): Statement {
  const failure = end.failure === undefined ? null : JSON.stringify(end.failure);
  const guard = "WHERE id = ?1 AND attempt = ?2 AND status IN ('waiting', 'running')";
  if (end.status === 'waiting') {
    return change(
      `UPDATE firings SET status = 'waiting', attempt = attempt + 1, not_before = ?3, failure = ?4 ${guard}`,
      id,
      attempt,
      end.notBefore,
      failure,
    );
  }
  return change(
    `UPDATE firings SET status = ?3, ended_at = ?4, failure = ?5 ${guard}`,
    id,
    attempt,
    end.status,
    now,
    failure,
  );
}

/** In no order: for one, SQLite would go through the whole table. */
export const LIST_OVER = `SELECT ${OF_FIRING}, r.status AS run_status, r.failure_code FROM firings f
  JOIN runs r ON r.id = f.run WHERE f.status = 'running' AND r.ended_at IS NOT NULL LIMIT ?1`;

export const LIST_UNSTARTED = `SELECT ${OF_FIRING}, f.event FROM firings f LEFT JOIN runs r ON r.id = f.run
  WHERE f.status = 'running' AND f.started_at < ?1 AND r.key IS NULL LIMIT ?2`;

export const FIND_FIRING = `SELECT ${RECORD}, event FROM firings WHERE id = ?1`;

export const COUNT_SINCE =
  "SELECT count(*) AS count FROM firings WHERE trigger_name = ?1 AND claimed_at > ?2 AND status <> 'skipped'";

export function listFirings(filter: FiringFilter, limit: number): Statement {
  const parameters: SqlValue[] = [];
  const put = (value: SqlValue) => `?${parameters.push(value)}`;
  const conditions = [
    ...(filter.trigger === undefined ? [] : [`trigger_name = ${put(filter.trigger)}`]),
    ...(filter.status === undefined ? [] : [`status IN (${filter.status.map(put).join(', ')})`]),
    ...(filter.from === undefined ? [] : [`due >= ${put(filter.from)}`]),
    ...(filter.to === undefined ? [] : [`due < ${put(filter.to)}`]),
    ...(filter.before === undefined ? [] : [`id < ${put(filter.before)}`]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT ${RECORD} FROM firings ${where} ORDER BY id DESC LIMIT ${put(limit)}`;
  return { sql, parameters, rows: true };
}

export function* replayFiring(id: number, now: number): Script<FiringRecord | undefined> {
  const { changes } = yield change(
    "UPDATE firings SET status = 'replayed' WHERE id = ?1 AND status = 'dead'",
    id,
  );
  if (changes === 0) return undefined;
  yield tellFiring(id, now, 'replayed');
  const [row] = (yield query(FIND_FIRING, id)).rows;
  if (row === undefined) throw new Error(`bug: the firing ${id} has gone`);
  const { trigger, due, priority, event } = readFiring(row);
  const again = { trigger, key: `replay:${id}`, due, priority, event, claimedAt: now, notBefore: now };
  return (yield* addFiring(again)).firing;
}

const OVER = "status NOT IN ('waiting', 'running')";

export function* pruneFirings(before: number, keep: number): Script<number> {
  let pruned = (yield change(`DELETE FROM firings WHERE ${OVER} AND claimed_at < ?1`, before)).changes;
  const { rows } = yield query(
    'SELECT trigger_name FROM firings GROUP BY trigger_name HAVING count(*) > ?1 ORDER BY trigger_name',
    keep,
  );
  for (const row of rows) {
    pruned += (yield change(
      `DELETE FROM firings WHERE trigger_name = ?1 AND ${OVER} AND status <> 'dead'
       AND id <= (SELECT id FROM firings WHERE trigger_name = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
      String(row['trigger_name']),
      keep,
    )).changes;
  }
  return pruned;
}

export function readFiringRecord(row: Row): FiringRecord {
  return {
    id: Number(row['id']),
    trigger: String(row['trigger_name']),
    key: String(row['key']),
    due: Number(row['due']),
    claimedAt: Number(row['claimed_at']),
    priority: Number(row['priority']),
    status: row['status'] as FiringRecord['status'],
    attempt: Number(row['attempt']),
    notBefore: Number(row['not_before']),
    ...(row['started_at'] === null ? {} : { startedAt: Number(row['started_at']) }),
    ...(row['ended_at'] === null ? {} : { endedAt: Number(row['ended_at']) }),
    ...(row['run'] === null ? {} : { run: String(row['run']) }),
    ...(row['failure'] === null ? {} : { failure: JSON.parse(String(row['failure'])) }),
  };
}

export function readFiring(row: Row): Firing {
  return { ...readFiringRecord(row), event: JSON.parse(String(row['event'])) };
}
