import type { Emitted, EndedRun } from '../../ports/event-store.ts';
import { change, query, type Row, type Script } from '../database.ts';
import { tell } from './streams.ts';

const EMIT = `INSERT INTO emitted (id, at, topic, by_whom, data, again_at) VALUES (?1, ?2, ?3, ?4, ?5, 0)
  ON CONFLICT (id) DO NOTHING`;

/** What became of runs stands in their journals, and is told from there. */
export function* emit({ id, at, topic, by, data }: Emitted): Script<void> {
  const { changes } = yield change(EMIT, id, at, topic, by, JSON.stringify(data));
  if (changes === 0 || topic.split('.', 1)[0] === 'run') return;
  yield tell('emitted', { at, topic, actor: by, data: { event: id, value: data } });
}

export function* takeEmitted(now: number, againMs: number, limit: number): Script<readonly Emitted[]> {
  const { rows } = yield query(
    'SELECT id, at, topic, by_whom, data FROM emitted WHERE again_at <= ?1 ORDER BY number LIMIT ?2',
    now,
    limit,
  );
  for (const row of rows) {
    yield change('UPDATE emitted SET again_at = ?2 WHERE id = ?1', String(row['id']), now + againMs);
  }
  return rows.map(readEmitted);
}

/** Kept for a while: what is emitted under the same id once more is known. */
export const SETTLE = 'UPDATE emitted SET again_at = NULL WHERE id = ?1';

export const FORGET = 'DELETE FROM emitted WHERE again_at IS NULL AND at < ?1';

function readEmitted(row: Row): Emitted {
  return {
    id: String(row['id']),
    at: Number(row['at']),
    topic: String(row['topic']),
    by: String(row['by_whom']),
    data: JSON.parse(String(row['data'])),
  };
}

export const LIST_ENDED = `SELECT id, workflow, status, principal, ended_at, failure_code FROM runs
  WHERE ended_at > ?1 AND mode = 'apply' ORDER BY ended_at, key LIMIT ?2`;

export function readEnded(row: Row): EndedRun {
  return {
    id: String(row['id']),
    workflow: String(row['workflow']),
    status: row['status'] as EndedRun['status'],
    principal: String(row['principal']),
    endedAt: Number(row['ended_at']),
    ...(row['failure_code'] === null ? {} : { failureCode: String(row['failure_code']) }),
  };
}
