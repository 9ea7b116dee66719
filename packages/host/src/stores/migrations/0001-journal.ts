import type { Migration } from './migrations.ts';

/**
 * Invariants that the database itself keeps, on SQLite and on PostgreSQL
 * 1. A run's events are numbered, each number once: `UNIQUE (run, number)` is the fence between processes.
 * 2. An event or an audit record is never changed or deleted.
 * 3. A run that is over is never changed, and gets no more events (on SQLite since migration 16 by its record alone).
 * 4. A lease's token is never given again, also after the lease was released.
 *
 * Other tables name a run by its small `key`, which grows with time: rows of one run lie together, and new ones at the
 * end. `events.id` is the order in which events were written, over all runs; `events.version` the version of the events
 * that was spoken then, from which core translates.
 *
 * The trigger on insert looks at one column that is null or not. PostgreSQL looks once for each statement, which there holds
 * many events; SQLite looked once for each event, see migration 16.
 */
const RUNS = [
  `CREATE TABLE definitions (
    hash TEXT PRIMARY KEY, workflow TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE runs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    definition TEXT NOT NULL REFERENCES definitions (hash),
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    number INTEGER NOT NULL,
    failure_code TEXT,
    questions TEXT
  ) STRICT`,
  'CREATE INDEX runs_by_status ON runs (mode, status, key)',
  'CREATE INDEX runs_by_workflow ON runs (workflow, mode, status, key)',
  `CREATE TRIGGER runs_over BEFORE UPDATE ON runs WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a run that is over never changes'); END`,
];

const EVENTS = [
  `CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (run, number)
  ) STRICT`,
  `CREATE TRIGGER events_over BEFORE INSERT ON events
    WHEN (SELECT ended_at IS NULL FROM runs WHERE key = NEW.run) IS NOT 1
    BEGIN SELECT RAISE(ABORT, 'a run that is over gets no more events'); END`,
  `CREATE TRIGGER events_kept BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'an event never changes'); END`,
  `CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END`,
];

const BESIDE_RUNS = [
  `CREATE TABLE effects (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (key),
    step TEXT NOT NULL,
    effects TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX effects_by_run ON effects (run, id)',
  `CREATE TABLE documents (
    run INTEGER NOT NULL REFERENCES runs (key),
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE logs (
    run INTEGER NOT NULL REFERENCES runs (key),
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (run, number)
  ) STRICT, WITHOUT ROWID`,
];

const WORKSPACE = [
  `CREATE TABLE leases (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    holder TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start TEXT NOT NULL,
    run TEXT,
    since INTEGER NOT NULL,
    renewed INTEGER NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    expires_at INTEGER,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    entry TEXT NOT NULL
  ) STRICT`,
  `CREATE TRIGGER audit_kept BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'an audit record never changes'); END`,
  `CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'an audit record is never deleted'); END`,
];

/** A trigger of PostgreSQL that refuses; `when` is asked of each row without calling anything. */
function refuse(name: string, table: string, on: string, sentence: string, when = ''): readonly string[] {
  return [
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION '${sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$`,
    `CREATE TRIGGER ${name} BEFORE ${on} ON ${table} FOR EACH ROW ${when} EXECUTE FUNCTION ${name}()`,
    ...(on.includes('DELETE')
      ? [
          `CREATE TRIGGER ${name}_whole BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${name}()`,
        ]
      : []),
  ];
}

/**
 * The same tables on PostgreSQL. Beyond them `runs.wake_at`: when the run has to be decided again (ms since 1970), where no
 * process holds it and would know. `fillfactor`: a run's row changes with every append, and stays on its page.
 */
const ON_POSTGRES = [
  'CREATE TABLE definitions (hash TEXT PRIMARY KEY, workflow TEXT NOT NULL)',
  `CREATE TABLE runs (
    key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    definition TEXT NOT NULL REFERENCES definitions (hash),
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    number BIGINT NOT NULL,
    failure_code TEXT,
    questions TEXT,
    wake_at BIGINT
  ) WITH (fillfactor = 70)`,
  'CREATE INDEX runs_by_status ON runs (mode, status, key)',
  'CREATE INDEX runs_by_workflow ON runs (workflow, mode, status, key)',
  'CREATE INDEX runs_by_wake ON runs (wake_at) WHERE wake_at IS NOT NULL',
  ...refuse(
    'runs_over',
    'runs',
    'UPDATE',
    'a run that is over never changes',
    'WHEN (OLD.ended_at IS NOT NULL)',
  ),
  `CREATE TABLE events (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    run BIGINT NOT NULL,
    number BIGINT NOT NULL,
    version INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (run, number)
  )`,
  `CREATE FUNCTION events_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT added.run FROM added) AS one LEFT JOIN runs ON runs.key = one.run
               WHERE runs.key IS NULL OR runs.ended_at IS NOT NULL) THEN
      RAISE EXCEPTION 'a run that is over gets no more events' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER events_over AFTER INSERT ON events REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION events_over()`,
  ...refuse('events_kept', 'events', 'UPDATE OR DELETE', 'an event is never changed and never deleted'),
  `CREATE TABLE effects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run BIGINT NOT NULL REFERENCES runs (key),
    step TEXT NOT NULL,
    effects TEXT NOT NULL
  )`,
  'CREATE INDEX effects_by_run ON effects (run, id)',
  `CREATE TABLE documents (
    run BIGINT NOT NULL REFERENCES runs (key),
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, name)
  )`,
  `CREATE TABLE logs (
    run BIGINT NOT NULL REFERENCES runs (key),
    number BIGINT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (run, number)
  )`,
  `CREATE TABLE leases (
    token BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    holder TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    process_start TEXT NOT NULL,
    run TEXT,
    since BIGINT NOT NULL,
    renewed BIGINT NOT NULL,
    expires BIGINT NOT NULL
  )`,
  'CREATE TABLE grants (id TEXT COLLATE "C" PRIMARY KEY, expires_at BIGINT, body TEXT NOT NULL)',
  `CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    entry TEXT NOT NULL
  )`,
  ...refuse('audit_kept', 'audit', 'UPDATE OR DELETE', 'an audit record is never changed and never deleted'),
];

export const JOURNAL: Migration = {
  number: 1,
  name: 'journal',
  statements: {
    sqlite: [...RUNS, ...EVENTS, ...BESIDE_RUNS, ...WORKSPACE],
    postgres: ON_POSTGRES,
  },
};
