import {
  EVENT_VERSION,
  isMarked,
  type NumberedEvent,
  type RunEvent,
  upcast,
  valueText,
} from '@cadre/core/history';
import type { Row, Script, SqlValue } from '../database.ts';

/** Two for the usual append, more for a wide one; a statement for each row costs a third more. */
const MOST_ROWS = 32;

export function* insertEvents(key: number, first: number, events: readonly RunEvent[]): Script<void> {
  for (let start = 0; start < events.length; start += MOST_ROWS) {
    const chunk = events.slice(start, start + MOST_ROWS);
    const parameters: SqlValue[] = [key];
    let marked = false;
    chunk.forEach((event, index) => {
      const text = valueText(event);
      marked ||= isMarked(text);
      parameters.push(first + start + index, text);
    });
    yield { sql: marked ? markedText(chunk.length) : insertText(chunk.length), parameters, rows: false };
  }
}

const texts: string[] = [];

function insertText(rows: number): string {
  const known = texts[rows] ?? textOf(rows, EVENT_VERSION.plain);
  texts[rows] = known;
  return known;
}

function markedText(rows: number): string {
  return textOf(rows, EVENT_VERSION.marked);
}

function textOf(rows: number, version: number): string {
  const values = Array.from(
    { length: rows },
    (_, row) => `(?1, ?${2 * row + 2}, ${version}, ?${2 * row + 3})`,
  );
  return `INSERT INTO events (run, number, version, event) VALUES ${values.join(', ')}`;
}

/** Up to the number of the run's record: what stands beyond it is not part of the journal. */
export const READ_EVENTS = `SELECT events.number, version, event FROM runs JOIN events ON events.run = runs.key
  WHERE runs.id = ?1 AND events.number > ?2 AND events.number <= runs.number ORDER BY events.number LIMIT ?3`;

export function readEvent(row: Row): NumberedEvent {
  const stored = JSON.parse(String(row['event'])) as { readonly type: string };
  return { number: Number(row['number']), ...upcast(Number(row['version']), stored) };
}
