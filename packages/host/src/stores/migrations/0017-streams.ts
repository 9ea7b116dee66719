import type { Migration } from './migrations.ts';

/**
 * Events that are in no run's journal, and all events in the order in which they were written.
 *
 * 1. Within a stream events are numbered from 1, without gaps: `UNIQUE (stream, number)`.
 * 2. After the row with `ends` nothing is added to a stream (`stores/sql/streams.ts`).
 * 3. `id` is the order over all streams; it is never given again.
 *
 * What belongs to a run names it by its key and goes with it; the rest goes by age.
 *
 * `written` has the events of runs in the order of their ids. On PostgreSQL ids are given before a commit, so that a smaller one
 * may be seen later than a larger one: there it shows only what was written before every transaction that is still under way, so
 * that whoever has read up to an id has missed nothing. `age` compares transaction numbers that have wrapped around.
 */
const STREAMS = (key: string, number: string, end: string) => [
  `CREATE TABLE stream_events (
    id ${key},
    stream TEXT NOT NULL,
    number ${number} NOT NULL,
    run ${number},
    at ${number} NOT NULL,
    topic TEXT NOT NULL,
    actor TEXT,
    subject TEXT,
    ends ${number} NOT NULL DEFAULT 0,
    data TEXT NOT NULL,
    UNIQUE (stream, number)
  )${end}`,
  'CREATE INDEX stream_events_by_run ON stream_events (run) WHERE run IS NOT NULL',
  'CREATE INDEX stream_events_by_age ON stream_events (at) WHERE run IS NULL',
];

const RUN_EVENTS = `SELECT events.id, events.run AS key, runs.id AS run, runs.principal, events.number, events.version, events.event
  FROM events JOIN runs ON runs.key = events.run`;

const SETTLED = (table: string) => `age(${table}.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)`;

export const STREAM_EVENTS: Migration = {
  number: 17,
  name: 'streams',
  statements: {
    sqlite: [
      ...STREAMS('INTEGER PRIMARY KEY AUTOINCREMENT', 'INTEGER', ' STRICT'),
      `CREATE VIEW written AS ${RUN_EVENTS}`,
      'CREATE VIEW written_streams AS SELECT * FROM stream_events',
    ],
    postgres: [
      ...STREAMS('BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY', 'BIGINT', ''),
      'CREATE INDEX events_by_id ON events (id)',
      `CREATE VIEW written AS ${RUN_EVENTS} WHERE ${SETTLED('events')}`,
      `CREATE VIEW written_streams AS SELECT * FROM stream_events WHERE ${SETTLED('stream_events')}`,
    ],
  },
};
