import type { KeptDescription, KeptResult, KeptSummary } from '../../ports/result-cache.ts';
import { change, query, type Row, type Script } from '../database.ts';

export const FIND_RESULT = 'SELECT about, body FROM results WHERE key = ?1 AND expires_at > ?2';

/** A use within a minute of the one before is not worth a commit. */
export const USE_RESULT = 'UPDATE results SET used_at = ?2 WHERE key = ?1 AND used_at < ?2 - 60000';

export const LIST_RESULTS = `SELECT about, bytes, used_at FROM results WHERE expires_at > ?1
  ORDER BY used_at DESC, key`;

export const CLEAR_RESULTS = 'DELETE FROM results';

export const CLEAR_TAGGED = 'DELETE FROM results WHERE key IN (SELECT key FROM result_tags WHERE tag = ?1)';

const PUT_RESULT = `INSERT INTO results (key, bytes, used_at, expires_at, about, body)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)`;

const PUT_TAG = 'INSERT INTO result_tags (tag, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING';

/** From the most recently used on, those that no longer fit. */
const DELETE_EXCESS = `DELETE FROM results WHERE key IN (
  SELECT key FROM (SELECT key, SUM(bytes) OVER (ORDER BY used_at DESC, key) AS sum FROM results) AS summed
  WHERE sum > ?1)`;

export function* putResult(result: KeptResult, maxBytes: number): Script<void> {
  const { output, permissions, artifacts, ...about } = result;
  const body = JSON.stringify({ output, permissions, artifacts });
  const description = JSON.stringify(about);
  const bytes = Buffer.byteLength(body) + Buffer.byteLength(description);
  yield change('DELETE FROM results WHERE key = ?1', result.key);
  if (bytes > maxBytes) return;
  yield change(PUT_RESULT, result.key, bytes, result.createdAt, result.expiresAt, description, body);
  for (const tag of result.tags) yield change(PUT_TAG, tag, result.key);
  yield change('DELETE FROM results WHERE expires_at <= ?1', result.createdAt);
  const [row] = (yield query('SELECT SUM(bytes) AS sum FROM results')).rows;
  if (Number(row?.['sum'] ?? 0) > maxBytes) yield change(DELETE_EXCESS, maxBytes);
}

/** Undefined for one that cannot be read: it is made again. */
export function readResult(row: Row): KeptResult | undefined {
  try {
    const body = JSON.parse(String(row['body'])) as Omit<KeptResult, keyof KeptDescription>;
    return { ...(JSON.parse(String(row['about'])) as KeptDescription), ...body };
  } catch {
    return undefined;
  }
}

export function readSummary(row: Row): KeptSummary {
  const about = JSON.parse(String(row['about'])) as KeptDescription;
  return { ...about, bytes: Number(row['bytes']), usedAt: Number(row['used_at']) };
}
