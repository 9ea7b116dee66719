import { IN_ITS_SCHEMA, PG_ROOT } from './0006-upkeep.ts';
import type { Migration } from './migrations.ts';

/**
 * The one way in which records of the audit chain go.
 *
 * Invariants that the database itself keeps, on SQLite and on PostgreSQL
 * 1. A record goes only when it stands before the newest beginning and no record stands before it, and never while `audit_held` has it.
 * 2. A beginning names a record that is there by its hash, each a later one. It is never changed and never deleted. (Where there is no
 *    record at all, a store is being filled from another one.)
 *
 * That a beginning was signed the database cannot know: `cadre audit verify` looks at that.
 *
 * `audit_held`: records that stay for the sake of their run. Of a run that was removed nobody knows its workflow any more, so while any
 * workflow is held it may be that one. A single call (`call_…`) is part of no run.
 */
const TOLD = (number: string) => [
  `CREATE TABLE audit_beginnings (
    number ${number} PRIMARY KEY, hash TEXT NOT NULL, statement TEXT NOT NULL
  )`,
];

const HELD = (run: string, root: string) => `CREATE VIEW audit_held AS SELECT number, run, why FROM (
    SELECT number, run, CASE
      WHEN EXISTS (SELECT 1 FROM holds WHERE workflow = '*') THEN 'hold'
      WHEN run IS NULL OR substr(run, 1, 5) = 'call_' THEN NULL
      WHEN EXISTS (SELECT 1 FROM pins WHERE pins.run IN (named.run, ${root})) THEN 'pin'
      WHEN EXISTS (SELECT 1 FROM runs WHERE runs.id IN (named.run, ${root}) AND runs.ended_at IS NULL) THEN 'going on'
      WHEN NOT EXISTS (SELECT 1 FROM holds) THEN NULL
      WHEN NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = named.run) THEN 'perhaps'
      WHEN EXISTS (SELECT 1 FROM runs JOIN holds ON holds.workflow = runs.workflow WHERE runs.id = named.run) THEN 'hold'
    END AS why FROM (SELECT number, ${run} AS run FROM audit) AS named
  ) AS told WHERE why IS NOT NULL`;

const LATER = 'a beginning of the audit chain names a record that is there, each a later one';
const KEPT = 'a beginning of the audit chain is never changed and never deleted';
const REFUSED =
  'an audit record is never deleted but from the beginning of the chain, after a signed beginning, and never while it is held';

const SQLITE = [
  ...TOLD('INTEGER').map((text) => `${text} STRICT`),
  HELD(
    "json_extract(entry, '$.run')",
    "CASE instr(named.run, '.') WHEN 0 THEN named.run ELSE substr(named.run, 1, instr(named.run, '.') - 1) END",
  ),
  `CREATE TRIGGER audit_beginnings_later BEFORE INSERT ON audit_beginnings
    WHEN NEW.number <= (SELECT coalesce(max(number), 0) FROM audit_beginnings) OR (EXISTS (SELECT 1 FROM audit)
      AND NOT EXISTS (SELECT 1 FROM audit WHERE number = NEW.number AND hash = NEW.hash))
    BEGIN SELECT RAISE(ABORT, '${LATER}'); END`,
  `CREATE TRIGGER audit_beginnings_kept BEFORE UPDATE ON audit_beginnings BEGIN SELECT RAISE(ABORT, '${KEPT}'); END`,
  `CREATE TRIGGER audit_beginnings_not_deleted BEFORE DELETE ON audit_beginnings
    BEGIN SELECT RAISE(ABORT, '${KEPT}'); END`,
  'DROP TRIGGER audit_not_deleted',
  `CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
    WHEN OLD.number > (SELECT coalesce(max(number), 0) FROM audit_beginnings)
      OR OLD.number > (SELECT min(number) FROM audit)
      OR EXISTS (SELECT 1 FROM audit_held WHERE number = OLD.number)
    BEGIN SELECT RAISE(ABORT, '${REFUSED}'); END`,
];

const refusing = (name: string, table: string, on: string, condition: string, sentence: string) => [
  `CREATE FUNCTION ${name}() RETURNS trigger ${IN_ITS_SCHEMA}
    IF ${condition} THEN
      RAISE EXCEPTION '${sentence}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN ${on === 'DELETE' ? 'OLD' : 'NEW'};
  END $$`,
  `CREATE TRIGGER ${name} BEFORE ${on} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
];

const POSTGRES = [
  ...TOLD('BIGINT'),
  // Nothing is read from what is escaped, and some escapes cannot be turned into text: they are taken for tabs.
  HELD(String.raw`replace(entry, '\u', '\t')::json ->> 'run'`, PG_ROOT('named.run')),
  ...refusing(
    'audit_beginnings_later',
    'audit_beginnings',
    'INSERT',
    `NEW.number <= (SELECT coalesce(max(number), 0) FROM audit_beginnings) OR (EXISTS (SELECT FROM audit)
      AND NOT EXISTS (SELECT FROM audit WHERE number = NEW.number AND hash = NEW.hash))`,
    LATER,
  ),
  `CREATE FUNCTION audit_beginnings_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '${KEPT}' USING ERRCODE = 'integrity_constraint_violation'; END $$`,
  `CREATE TRIGGER audit_beginnings_kept BEFORE UPDATE OR DELETE ON audit_beginnings
    FOR EACH ROW EXECUTE FUNCTION audit_beginnings_kept()`,
  `CREATE TRIGGER audit_beginnings_whole BEFORE TRUNCATE ON audit_beginnings
    FOR EACH STATEMENT EXECUTE FUNCTION audit_beginnings_kept()`,
  'DROP TRIGGER audit_kept ON audit',
  'CREATE TRIGGER audit_kept BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept()',
  ...refusing(
    'audit_not_deleted',
    'audit',
    'DELETE',
    `OLD.number > (SELECT coalesce(max(number), 0) FROM audit_beginnings)
      OR EXISTS (SELECT FROM audit_held WHERE number = OLD.number)`,
    REFUSED,
  ),
  // Rows of one statement go in any order there, so what is left is looked at when they are gone.
  `CREATE FUNCTION audit_from_the_front() RETURNS trigger ${IN_ITS_SCHEMA}
    IF EXISTS (SELECT FROM gone HAVING max(number) > (SELECT min(number) FROM audit)) THEN
      RAISE EXCEPTION '${REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER audit_from_the_front AFTER DELETE ON audit REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION audit_from_the_front()`,
];

export const AUDIT_REMOVAL: Migration = {
  number: 21,
  name: 'audit removal',
  statements: { sqlite: SQLITE, postgres: POSTGRES },
};
