import type { Migration } from './migrations.ts';

/**
 * What is kept of runs that are over, and the one way in which it goes.
 *
 * Invariants that the database itself keeps, on SQLite and on PostgreSQL
 * 1. An event is deleted only with its whole run, while the run stands in `removing`; everything else is still refused.
 * 2. Into `removing` comes only a run that is over, is not pinned, that no hold covers, to which no run that is not over
 *    refers (a rerun, a step of it, the run around it), and of which a tombstone keeps the digest.
 * 3. A tombstone never changes, and is never deleted.
 * 4. `run_counts` and `kept_sizes` are what counting the tables would give: nobody has to count.
 *
 * `kept` has a row for each run that is over and each class of what is kept of it, in the order in which they fall due.
 * `rows` and `bytes` are those of the moment in which the run ended. On PostgreSQL counters are spread over shards by
 * connection: two commits would otherwise wait for each other at the row of `running`.
 */
const PINS = (number: string, end: string) => [
  `CREATE TABLE pins (
    run TEXT PRIMARY KEY, principal TEXT NOT NULL, at ${number} NOT NULL, reason TEXT NOT NULL
  )${end}`,
  // `workflow` is a name, or * for everything.
  `CREATE TABLE holds (
    name TEXT PRIMARY KEY, workflow TEXT NOT NULL, principal TEXT NOT NULL, at ${number} NOT NULL, reason TEXT NOT NULL
  )${end}`,
  'CREATE INDEX holds_by_workflow ON holds (workflow)',
  `CREATE TABLE tombstones (
    run TEXT PRIMARY KEY, status TEXT NOT NULL, ended_at ${number} NOT NULL, number ${number} NOT NULL,
    digest TEXT NOT NULL, removed_at ${number} NOT NULL
  )${end}`,
  `CREATE TABLE removing (run ${number} PRIMARY KEY, id TEXT NOT NULL)${end}`,
  `CREATE TABLE kept (
    class TEXT NOT NULL, ended_at ${number} NOT NULL, run ${number} NOT NULL, root TEXT NOT NULL,
    rows ${number} NOT NULL, bytes ${number} NOT NULL,
    PRIMARY KEY (class, ended_at, run)
  )${end}`,
  'CREATE INDEX runs_by_origin ON runs (origin) WHERE origin IS NOT NULL AND ended_at IS NULL',
];

const REFUSED = 'only a whole run that is over, and that nothing holds, is removed';

const ROOT = (id: string) =>
  `CASE instr(${id}, '.') WHEN 0 THEN ${id} ELSE substr(${id}, 1, instr(${id}, '.') - 1) END`;

/** Everything of the runs that `runs` names, by class. */
export const SIZES = (runs: string, root: string, bytes: (column: string) => string) => {
  const sum = (table: string, column: string) =>
    `(SELECT coalesce(sum(${bytes(column)}), 0) FROM ${table} WHERE run = over.key)`;
  const count = (table: string) => `(SELECT count(*) FROM ${table} WHERE run = over.key)`;
  return [
    `INSERT INTO kept (class, ended_at, run, root, rows, bytes)
      SELECT CASE over.mode WHEN 'plan' THEN 'plans' ELSE 'runs' END, over.ended_at, over.key, ${root},
        over.number + ${count('effects')} + ${count('documents')},
        ${sum('events', 'event')} + ${sum('effects', 'effects')} + ${sum('documents', 'document')} FROM ${runs}`,
    `INSERT INTO kept (class, ended_at, run, root, rows, bytes)
      SELECT 'logs', over.ended_at, over.key, ${root}, ${count('logs')}, ${sum('logs', 'line')} FROM ${runs}
      AND EXISTS (SELECT 1 FROM logs WHERE run = over.key)`,
  ];
};

const SQLITE = [
  'ALTER TABLE runs ADD COLUMN origin TEXT',
  `UPDATE runs SET origin = (SELECT json_extract(event, '$.trigger.run') FROM events WHERE run = runs.key AND number = 1)
    WHERE ended_at IS NULL`,
  ...PINS('INTEGER', ' STRICT, WITHOUT ROWID'),
  `CREATE TRIGGER tombstones_kept BEFORE UPDATE ON tombstones
    BEGIN SELECT RAISE(ABORT, 'a tombstone never changes'); END`,
  `CREATE TRIGGER tombstones_not_deleted BEFORE DELETE ON tombstones
    BEGIN SELECT RAISE(ABORT, 'a tombstone is never deleted'); END`,
  `CREATE TRIGGER removing_over BEFORE INSERT ON removing WHEN NOT EXISTS (
      SELECT 1 FROM runs AS over WHERE over.key = NEW.run AND over.id = NEW.id AND over.ended_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM tombstones WHERE run = over.id)
        AND NOT EXISTS (SELECT 1 FROM pins WHERE run IN (over.id, ${ROOT('over.id')}))
        AND NOT EXISTS (SELECT 1 FROM holds WHERE workflow IN ('*', over.workflow))
        AND NOT EXISTS (SELECT 1 FROM runs WHERE origin = over.id AND ended_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM runs WHERE id = ${ROOT('over.id')} AND ended_at IS NULL))
    BEGIN SELECT RAISE(ABORT, '${REFUSED}'); END`,
  `CREATE TRIGGER removing_whole BEFORE DELETE ON removing
    WHEN EXISTS (SELECT 1 FROM events WHERE run = OLD.run) OR EXISTS (SELECT 1 FROM runs WHERE key = OLD.run)
    BEGIN SELECT RAISE(ABORT, '${REFUSED}'); END`,
  'DROP TRIGGER events_not_deleted',
  `CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM removing WHERE run = OLD.run)
    BEGIN SELECT RAISE(ABORT, 'an event is never deleted without its whole run'); END`,
  `CREATE TRIGGER runs_not_deleted BEFORE DELETE ON runs
    WHEN NOT EXISTS (SELECT 1 FROM removing WHERE run = OLD.key)
    BEGIN SELECT RAISE(ABORT, '${REFUSED}'); END`,
  `CREATE TABLE run_counts (
    workflow TEXT NOT NULL, mode TEXT NOT NULL, status TEXT NOT NULL, runs INTEGER NOT NULL,
    PRIMARY KEY (workflow, mode, status)
  ) STRICT, WITHOUT ROWID`,
  'INSERT INTO run_counts SELECT workflow, mode, status, count(*) FROM runs GROUP BY workflow, mode, status',
  `CREATE TRIGGER runs_counted AFTER INSERT ON runs BEGIN
    INSERT INTO run_counts VALUES (NEW.workflow, NEW.mode, NEW.status, 1)
      ON CONFLICT (workflow, mode, status) DO UPDATE SET runs = runs + 1; END`,
  `CREATE TRIGGER runs_recounted AFTER UPDATE OF status ON runs WHEN NEW.status <> OLD.status BEGIN
    UPDATE run_counts SET runs = runs - 1 WHERE workflow = OLD.workflow AND mode = OLD.mode AND status = OLD.status;
    INSERT INTO run_counts VALUES (NEW.workflow, NEW.mode, NEW.status, 1)
      ON CONFLICT (workflow, mode, status) DO UPDATE SET runs = runs + 1; END`,
  `CREATE TRIGGER runs_uncounted AFTER DELETE ON runs BEGIN
    UPDATE run_counts SET runs = runs - 1 WHERE workflow = OLD.workflow AND mode = OLD.mode AND status = OLD.status; END`,
  `CREATE TABLE kept_sizes (
    class TEXT PRIMARY KEY, runs INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER kept_added AFTER INSERT ON kept BEGIN
    INSERT INTO kept_sizes VALUES (NEW.class, 1, NEW.rows, NEW.bytes)
      ON CONFLICT (class) DO UPDATE SET runs = runs + 1, rows = rows + NEW.rows, bytes = bytes + NEW.bytes; END`,
  `CREATE TRIGGER kept_removed AFTER DELETE ON kept BEGIN
    UPDATE kept_sizes SET runs = runs - 1, rows = rows - OLD.rows, bytes = bytes - OLD.bytes WHERE class = OLD.class; END`,
  ...SIZES(
    'runs AS over WHERE over.ended_at IS NOT NULL',
    ROOT('over.id'),
    (column) => `octet_length(${column})`,
  ),
  `CREATE TRIGGER runs_kept AFTER UPDATE OF ended_at ON runs WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    ${SIZES('runs AS over WHERE over.key = NEW.key', ROOT('over.id'), (column) => `octet_length(${column})`).join(';\n')};
  END`,
];

const raise = (name: string, sentence: string) =>
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '${sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$`;

/** Whoever writes by hand has another search path; and the schema may be given another name, so it cannot be written here. */
export const IN_ITS_SCHEMA = `LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA), true);`;

/** A statement's trigger that raises when `found` gives a row. */
const check = (
  name: string,
  table: string,
  on: string,
  transition: string,
  found: string,
  sentence: string,
) => [
  `CREATE FUNCTION ${name}() RETURNS trigger ${IN_ITS_SCHEMA}
    IF EXISTS (${found}) THEN
      RAISE EXCEPTION '${sentence}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER ${name} AFTER ${on} ON ${table} REFERENCING ${transition}
    FOR EACH STATEMENT EXECUTE FUNCTION ${name}()`,
];

const SHARD = 'pg_backend_pid() % 32';

export const COUNT = (changes: string) => `INSERT INTO run_counts (shard, workflow, mode, status, runs)
    SELECT ${SHARD}, workflow, mode, status, sum(change) FROM (${changes}) AS changes
    GROUP BY workflow, mode, status HAVING sum(change) <> 0 ORDER BY workflow, mode, status
    ON CONFLICT (shard, workflow, mode, status) DO UPDATE SET runs = run_counts.runs + excluded.runs`;

const SIZE = (table: string, sign: string) => `INSERT INTO kept_sizes (shard, class, runs, rows, bytes)
    SELECT ${SHARD}, class, ${sign}count(*), ${sign}sum(rows), ${sign}sum(bytes) FROM ${table} GROUP BY class ORDER BY class
    ON CONFLICT (shard, class) DO UPDATE SET runs = kept_sizes.runs + excluded.runs,
      rows = kept_sizes.rows + excluded.rows, bytes = kept_sizes.bytes + excluded.bytes`;

const after = (
  name: string,
  table: string,
  on: string,
  transition: string,
  statements: readonly string[],
) => [
  `CREATE FUNCTION ${name}() RETURNS trigger ${IN_ITS_SCHEMA}
    ${statements.join(';\n')};
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER ${name} AFTER ${on} ON ${table} REFERENCING ${transition}
    FOR EACH STATEMENT EXECUTE FUNCTION ${name}()`,
];

const one = (table: string, change: string) =>
  `SELECT workflow, mode, status, ${change} AS change FROM ${table}`;

export const PG_ROOT = (id: string) => `split_part(${id}, '.', 1)`;

const POSTGRES = [
  'ALTER TABLE runs ADD COLUMN origin TEXT',
  `UPDATE runs SET origin = (SELECT event::json #>> '{trigger,run}' FROM events WHERE run = runs.key AND number = 1)
    WHERE ended_at IS NULL`,
  ...PINS('BIGINT', ''),
  raise('tombstones_kept', 'a tombstone never changes and is never deleted'),
  `CREATE TRIGGER tombstones_kept BEFORE UPDATE OR DELETE ON tombstones
    FOR EACH ROW EXECUTE FUNCTION tombstones_kept()`,
  ...check(
    'removing_over',
    'removing',
    'INSERT',
    'NEW TABLE AS added',
    `SELECT FROM added LEFT JOIN runs AS over ON over.key = added.run AND over.id = added.id
      WHERE over.ended_at IS NULL
        OR NOT EXISTS (SELECT FROM tombstones WHERE run = over.id)
        OR EXISTS (SELECT FROM pins WHERE run IN (over.id, ${PG_ROOT('over.id')}))
        OR EXISTS (SELECT FROM holds WHERE workflow IN ('*', over.workflow))
        OR EXISTS (SELECT FROM runs WHERE origin = over.id AND ended_at IS NULL)
        OR EXISTS (SELECT FROM runs WHERE id = ${PG_ROOT('over.id')} AND ended_at IS NULL)`,
    REFUSED,
  ),
  ...check(
    'removing_whole',
    'removing',
    'DELETE',
    'OLD TABLE AS gone',
    `SELECT FROM gone WHERE EXISTS (SELECT FROM events WHERE run = gone.run)
      OR EXISTS (SELECT FROM runs WHERE key = gone.run)`,
    REFUSED,
  ),
  'DROP TRIGGER events_kept ON events',
  'CREATE TRIGGER events_kept BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_kept()',
  ...check(
    'events_not_deleted',
    'events',
    'DELETE',
    'OLD TABLE AS gone',
    `SELECT FROM (SELECT DISTINCT run FROM gone) AS one LEFT JOIN removing ON removing.run = one.run
      WHERE removing.run IS NULL`,
    'an event is never deleted without its whole run',
  ),
  ...check(
    'runs_not_deleted',
    'runs',
    'DELETE',
    'OLD TABLE AS gone',
    'SELECT FROM gone LEFT JOIN removing ON removing.run = gone.key WHERE removing.run IS NULL',
    REFUSED,
  ),
  `CREATE TABLE run_counts (
    shard INTEGER NOT NULL, workflow TEXT NOT NULL, mode TEXT NOT NULL, status TEXT NOT NULL, runs BIGINT NOT NULL,
    PRIMARY KEY (shard, workflow, mode, status)
  ) WITH (fillfactor = 50)`,
  COUNT(one('runs', '1')),
  ...after('runs_counted', 'runs', 'INSERT', 'NEW TABLE AS added', [COUNT(one('added', '1'))]),
  ...after('runs_uncounted', 'runs', 'DELETE', 'OLD TABLE AS gone', [COUNT(one('gone', '-1'))]),
  `CREATE TABLE kept_sizes (
    shard INTEGER NOT NULL, class TEXT NOT NULL, runs BIGINT NOT NULL, rows BIGINT NOT NULL, bytes BIGINT NOT NULL,
    PRIMARY KEY (shard, class)
  ) WITH (fillfactor = 50)`,
  ...after('kept_added', 'kept', 'INSERT', 'NEW TABLE AS added', [SIZE('added', '')]),
  ...after('kept_removed', 'kept', 'DELETE', 'OLD TABLE AS gone', [SIZE('gone', '-')]),
  ...SIZES(
    'runs AS over WHERE over.ended_at IS NOT NULL',
    PG_ROOT('over.id'),
    (column) => `octet_length(${column})`,
  ),
  ...after('runs_recounted', 'runs', 'UPDATE', 'OLD TABLE AS before NEW TABLE AS over', [
    COUNT(`SELECT over.workflow, over.mode, over.status, 1 AS change FROM over JOIN before USING (key)
        WHERE over.status <> before.status UNION ALL
      SELECT before.workflow, before.mode, before.status, -1 FROM over JOIN before USING (key)
        WHERE over.status <> before.status`),
    ...SIZES(
      'over JOIN before USING (key) WHERE over.ended_at IS NOT NULL AND before.ended_at IS NULL',
      PG_ROOT('over.id'),
      (column) => `octet_length(${column})`,
    ),
  ]),
];

export const UPKEEP: Migration = {
  number: 6,
  name: 'upkeep',
  statements: { sqlite: SQLITE, postgres: POSTGRES },
};
