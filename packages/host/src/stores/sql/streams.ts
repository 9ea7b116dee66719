import type { StreamEntry, StreamEvent, WrittenEvent } from '../../ports/stream-store.ts';
import { change, query, type Row, type Script, type Statement } from '../database.ts';
import { readEvent } from './events.ts';

const LAST = `SELECT stream, number, at, topic, actor, subject, ends, data FROM stream_events
  WHERE stream = ?1 ORDER BY number DESC LIMIT 1`;

const INSERT = `INSERT INTO stream_events (stream, number, run, at, topic, ends, data)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`;

const FIND_RUN = 'SELECT key FROM runs WHERE id = ?1';

/** To be run one after the other over all processes. Undefined: there is no such run. */
export function* extendStream(
  run: string,
  stream: string,
  first: number,
  entries: readonly StreamEntry[],
): Script<boolean | undefined> {
  const [found] = (yield query(FIND_RUN, run)).rows;
  if (found === undefined) return undefined;
  const [last] = (yield query(LAST, stream)).rows;
  if (Number(last?.['ends'] ?? 0) === 1) return false;
  const next = Number(last?.['number'] ?? 0) + 1;
  if (first > next) throw new Error(`bug: ${stream} goes on at ${next} and not at ${first}`);
  for (const [index, { at, topic, data }] of entries.entries()) {
    const number = first + index;
    if (number >= next) {
      yield change(INSERT, stream, number, Number(found['key']), at, topic, 0, JSON.stringify(data));
    }
  }
  return true;
}

/** To be run one after the other over all processes. */
export function* closeStream(
  run: string,
  stream: string,
  end: (last: StreamEvent) => StreamEntry,
): Script<boolean> {
  const [found] = (yield query(FIND_RUN, run)).rows;
  const [row] = (yield query(LAST, stream)).rows;
  if (found === undefined || row === undefined || Number(row['ends']) === 1) return false;
  const last = readStreamEvent(row);
  const { at, topic, data } = end(last);
  yield change(INSERT, stream, last.number + 1, Number(found['key']), at, topic, 1, JSON.stringify(data));
  return true;
}

const TELL = `INSERT INTO stream_events (stream, number, at, topic, actor, subject, data)
  VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM stream_events WHERE stream = ?1), ?2, ?3, ?4, ?5, ?6)`;

/** To be run while nobody else can write to this stream. */
export function tell(
  stream: string,
  { at, topic, data, actor, subject }: StreamEntry & { readonly actor?: string; readonly subject?: string },
): Statement {
  return change(TELL, stream, at, topic, actor ?? null, subject ?? null, JSON.stringify(data));
}

/** What belongs to no run, by age. Of `emitted` the last one stays, since the next number follows from it. */
export const FORGET_STREAMS = `DELETE FROM stream_events WHERE run IS NULL AND at < ?1
  AND id <> coalesce((SELECT max(id) FROM stream_events AS newest WHERE newest.stream = 'emitted'), 0)`;

export const READ_STREAM = `SELECT stream, number, at, topic, actor, subject, data FROM stream_events
  WHERE stream = ?1 AND number > ?2 ORDER BY number LIMIT ?3`;

export const READ_WRITTEN = 'SELECT * FROM written WHERE id > ?1 ORDER BY id LIMIT ?2';

export const READ_STREAMS = `SELECT id, stream, number, at, topic, actor, subject, data FROM written_streams
  WHERE id > ?1 ORDER BY id LIMIT ?2`;

export const KEY_AT = 'SELECT run FROM events WHERE id = ?1';

export const NEWEST = `SELECT coalesce((SELECT max(id) FROM events), 0) AS id,
  coalesce((SELECT run FROM events WHERE id = (SELECT max(id) FROM events)), 0) AS key,
  coalesce((SELECT max(id) FROM stream_events), 0) AS streams,
  coalesce((SELECT max(number) FROM audit), 0) AS audit`;

export const LIST_OPEN = `SELECT stream FROM stream_events WHERE run = (SELECT key FROM runs WHERE id = ?1)
  GROUP BY stream HAVING max(ends) = 0 ORDER BY stream`;

export function readStreamEvent(row: Row): StreamEvent {
  const stream = String(row['stream']);
  const data = JSON.parse(String(row['data']));
  return {
    stream,
    number: Number(row['number']),
    at: Number(row['at']),
    topic: String(row['topic']),
    ...(row['actor'] === null ? {} : { actor: String(row['actor']) }),
    data:
      row['subject'] === null
        ? data
        : { trigger: String(row['subject']), firing: Number(stream.split(':')[1]), ...data },
  };
}

export function readWritten(row: Row): WrittenEvent {
  return {
    id: Number(row['id']),
    key: Number(row['key']),
    run: String(row['run']),
    principal: String(row['principal']),
    event: readEvent(row),
  };
}
