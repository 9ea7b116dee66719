import { change, query, type Script } from '../database.ts';

/** Those that still count: not over, and there or about to be. */
const BEFORE = `SELECT l.run FROM lines l LEFT JOIN runs r ON r.id = l.run
  WHERE l.name = ?1 AND r.ended_at IS NULL AND (r.key IS NOT NULL OR l.expires > ?2)`;

export const FIRST_OF_GROUP = `${BEFORE} ORDER BY l.place LIMIT 1`;

export interface Entering {
  readonly now: number;
  readonly graceMs: number;
  readonly unlessBusy: boolean;
}

export function* enterGroup(group: string, run: string, entering: Entering): Script<readonly string[]> {
  const { now, graceMs, unlessBusy } = entering;
  // The group's row is what those that enter at once wait for: each sees who came before.
  yield change('INSERT INTO line_names (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = ?1', group);
  const { rows } = yield query(`${BEFORE} ORDER BY l.place`, group, now);
  const line = rows.map((row) => String(row['run']));
  const place = line.indexOf(run);
  if (place !== -1) return line.slice(0, place);
  if (line.length > 0 && unlessBusy) return line;
  // It may stand there already, and not count: its process died before it was created, or before it left.
  yield change(ENTER_LINE, group, run, now + graceMs);
  return line;
}

const ENTER_LINE = `INSERT INTO lines (name, run, expires) VALUES (?1, ?2, ?3)
  ON CONFLICT (name, run) DO UPDATE SET expires = ?3`;

export const LEAVE_GROUP = 'DELETE FROM lines WHERE name = ?1 AND run = ?2';
