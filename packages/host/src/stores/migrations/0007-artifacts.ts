import type { Migration } from './migrations.ts';

/**
 * Values that are too large for a journal; and tombstones that are forgotten.
 *
 * 1. Whoever names an artifact stands in `artifact_uses`, from before the event that names it to the end of its run.
 * 2. `artifact_sizes` is what counting `artifacts` would give.
 * 3. A tombstone never changes. It goes only when it was removed before the time in `forgetting`, which is never set so
 *    that fewer than the newest 100 stay.
 *
 * `artifact_chunks` holds what has no file: everything of a store that many machines share, and what came from a backup.
 */
const tables = (number: string, end: string) => [
  `CREATE TABLE artifacts (
    digest TEXT PRIMARY KEY, bytes ${number} NOT NULL, type TEXT NOT NULL, elements ${number}, class TEXT NOT NULL,
    run TEXT NOT NULL, created_at ${number} NOT NULL, used_at ${number} NOT NULL
  )${end}`,
  'CREATE INDEX artifacts_by_use ON artifacts (used_at, digest)',
  'CREATE INDEX artifacts_by_class ON artifacts (class, used_at, digest)',
  // `root`: the run at the top of those that started each other, whose pin holds for them, too.
  `CREATE TABLE artifact_uses (
    run TEXT NOT NULL, digest TEXT NOT NULL, root TEXT NOT NULL, PRIMARY KEY (run, digest)
  )${end}`,
  'CREATE INDEX artifact_uses_by_digest ON artifact_uses (digest)',
  `CREATE TABLE artifact_parts (
    whole TEXT NOT NULL, part TEXT NOT NULL, PRIMARY KEY (whole, part)
  )${end}`,
  'CREATE INDEX artifact_parts_by_part ON artifact_parts (part)',
  `CREATE TABLE artifact_chunks (
    digest TEXT NOT NULL, number ${number} NOT NULL, chunk TEXT NOT NULL, PRIMARY KEY (digest, number)
  )${end === '' ? '' : ' STRICT'}`,
  `CREATE TABLE artifact_sizes (
    class TEXT PRIMARY KEY, artifacts ${number} NOT NULL, bytes ${number} NOT NULL
  )${end}`,
  'CREATE INDEX tombstones_by_removal ON tombstones (removed_at)',
  `CREATE TABLE forgetting (id ${number} PRIMARY KEY CHECK (id = 1), before ${number} NOT NULL)${end}`,
  'INSERT INTO forgetting VALUES (1, 0)',
  "INSERT INTO artifact_sizes VALUES ('temporary', 0, 0), ('standard', 0, 0), ('kept', 0, 0)",
];

const plus = (row: string) =>
  `UPDATE artifact_sizes SET artifacts = artifacts + 1, bytes = bytes + ${row}.bytes WHERE class = ${row}.class`;
const minus = (row: string) =>
  `UPDATE artifact_sizes SET artifacts = artifacts - 1, bytes = bytes - ${row}.bytes WHERE class = ${row}.class`;

const TOO_FEW = 'the newest 100 tombstones stay';
const NEWEST = (before: string) =>
  `SELECT 1 FROM tombstones WHERE removed_at >= ${before} ORDER BY removed_at LIMIT 1 OFFSET 99`;
const KEPT = 'a tombstone is deleted only when it is old enough to be forgotten';

const SQLITE = [
  ...tables('INTEGER', ' STRICT, WITHOUT ROWID'),
  `CREATE TRIGGER forgetting_old BEFORE UPDATE ON forgetting WHEN NOT EXISTS (${NEWEST('NEW.before')})
    BEGIN SELECT RAISE(ABORT, '${TOO_FEW}'); END`,
  'DROP TRIGGER tombstones_not_deleted',
  `CREATE TRIGGER tombstones_not_deleted BEFORE DELETE ON tombstones
    WHEN OLD.removed_at >= (SELECT before FROM forgetting)
    BEGIN SELECT RAISE(ABORT, '${KEPT}'); END`,
  `CREATE TRIGGER artifacts_counted AFTER INSERT ON artifacts BEGIN ${plus('NEW')}; END`,
  `CREATE TRIGGER artifacts_uncounted AFTER DELETE ON artifacts BEGIN ${minus('OLD')}; END`,
  `CREATE TRIGGER artifacts_recounted AFTER UPDATE OF class ON artifacts WHEN NEW.class <> OLD.class
    BEGIN ${minus('OLD')}; ${plus('NEW')}; END`,
];

const refusing = (name: string, table: string, on: string, condition: string, sentence: string) => [
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA), true);
    IF ${condition} THEN
      RAISE EXCEPTION '${sentence}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END $$`,
  `CREATE TRIGGER ${name} BEFORE ${on} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
];

const counting = (name: string, on: string, when: string, statements: readonly string[]) => [
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA), true);
    ${statements.join(';\n')};
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER ${name} AFTER ${on} ON artifacts FOR EACH ROW ${when} EXECUTE FUNCTION ${name}()`,
];

const POSTGRES = [
  ...tables('BIGINT', ''),
  ...refusing('forgetting_old', 'forgetting', 'UPDATE', `NOT EXISTS (${NEWEST('NEW.before')})`, TOO_FEW),
  'DROP TRIGGER tombstones_kept ON tombstones',
  'CREATE TRIGGER tombstones_kept BEFORE UPDATE ON tombstones FOR EACH ROW EXECUTE FUNCTION tombstones_kept()',
  ...refusing(
    'tombstones_not_deleted',
    'tombstones',
    'DELETE',
    'OLD.removed_at >= (SELECT before FROM forgetting)',
    KEPT,
  ),
  ...counting('artifacts_counted', 'INSERT', '', [plus('NEW')]),
  ...counting('artifacts_uncounted', 'DELETE', '', [minus('OLD')]),
  ...counting('artifacts_recounted', 'UPDATE OF class', 'WHEN (NEW.class <> OLD.class)', [
    minus('OLD'),
    plus('NEW'),
  ]),
];

export const ARTIFACTS: Migration = {
  number: 7,
  name: 'artifacts',
  statements: { sqlite: SQLITE, postgres: POSTGRES },
};
