import type { Migration } from './migrations.ts';

/**
 * What triggers do, what is told to them, and which steps wait for what.
 *
 * 1. A happening becomes one firing: `UNIQUE (trigger_name, key)`.
 * 2. What is under way is found without looking at what is over: one index for each of its two statuses, since SQLite uses
 *    a partial index only where its condition stands in the query.
 * 3. `waits` follows the journal, in the transaction of the events; `head` is the first part of the topic.
 */
const tables = (integer: string, key: string, strict: string) => [
  `CREATE TABLE trigger_states (
    trigger_name TEXT PRIMARY KEY,
    paused ${integer} NOT NULL,
    rule TEXT,
    since ${integer} NOT NULL,
    moved_at ${integer} NOT NULL,
    due ${integer},
    note TEXT
  )${strict}`,
  `CREATE TABLE firings (
    id ${key},
    trigger_name TEXT NOT NULL,
    key TEXT NOT NULL,
    due ${integer} NOT NULL,
    claimed_at ${integer} NOT NULL,
    priority ${integer} NOT NULL,
    status TEXT NOT NULL,
    attempt ${integer} NOT NULL,
    not_before ${integer} NOT NULL,
    started_at ${integer},
    ended_at ${integer},
    run TEXT,
    failure TEXT,
    event TEXT NOT NULL,
    UNIQUE (trigger_name, key)
  )${strict}`,
  'CREATE INDEX firings_by_trigger ON firings (trigger_name, id)',
  "CREATE INDEX firings_waiting ON firings (not_before) WHERE status = 'waiting'",
  "CREATE INDEX firings_running ON firings (trigger_name, id) WHERE status = 'running'",
  "CREATE INDEX firings_dead ON firings (id) WHERE status = 'dead'",
  `CREATE TABLE emitted (
    number ${key},
    id TEXT NOT NULL UNIQUE,
    at ${integer} NOT NULL,
    topic TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    data TEXT NOT NULL,
    again_at ${integer}
  )${strict}`,
  'CREATE INDEX emitted_open ON emitted (again_at) WHERE again_at IS NOT NULL',
  `CREATE TABLE waits (
    run ${integer} NOT NULL,
    step TEXT NOT NULL,
    head TEXT NOT NULL,
    topic TEXT NOT NULL,
    PRIMARY KEY (run, step)
  )${strict}`,
  'CREATE INDEX waits_by_head ON waits (head)',
  "CREATE INDEX runs_by_end ON runs (ended_at) WHERE ended_at IS NOT NULL AND mode = 'apply'",
];

export const FIRINGS: Migration = {
  number: 5,
  name: 'firings',
  statements: {
    sqlite: tables('INTEGER', 'INTEGER PRIMARY KEY AUTOINCREMENT', ' STRICT'),
    postgres: tables('BIGINT', 'BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY', ''),
  },
};
