import type { LogLine, NumberedLogLine } from '../../ports/log-store.ts';
import { change, query, type Row, type Script } from '../database.ts';

/** Lines are numbered from 1 for each run. False: there is no such run. */
export function* appendLines(run: string, lines: readonly LogLine[]): Script<boolean> {
  const { rows } = yield query(
    `SELECT key, (SELECT max(number) FROM logs WHERE run = runs.key) AS last FROM runs WHERE id = ?1`,
    run,
  );
  const [row] = rows;
  if (row === undefined) return false;
  let number = Number(row['last'] ?? 0);
  for (const line of lines) {
    number += 1;
    yield change(
      'INSERT INTO logs (run, number, line) VALUES (?1, ?2, ?3)',
      Number(row['key']),
      number,
      JSON.stringify(line),
    );
  }
  return true;
}

export const READ_LINES = `SELECT number, line FROM logs
  WHERE run = (SELECT key FROM runs WHERE id = ?1) AND number > ?2 ORDER BY number LIMIT ?3`;

export function readLine(row: Row): NumberedLogLine {
  return { number: Number(row['number']), ...(JSON.parse(String(row['line'])) as LogLine) };
}
