export const PUT_DEFINITION = `INSERT INTO definitions (hash, workflow, kept_at) VALUES (?1, ?2, ?3)
  ON CONFLICT (hash) DO UPDATE SET kept_at = excluded.kept_at WHERE definitions.kept_at < excluded.kept_at`;

export const GET_DEFINITION = 'SELECT workflow FROM definitions WHERE hash = ?1';

/**
 * Some of those that no run names. When they were kept is asked twice, because PostgreSQL looks again only at the row that it deletes
 * when somebody has kept it meanwhile; that of a run which was created meanwhile it refuses to delete.
 */
export const REMOVE_DEFINITIONS = `DELETE FROM definitions WHERE kept_at < ?1 AND hash IN (
  SELECT hash FROM definitions WHERE kept_at < ?1
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.definition = definitions.hash) ORDER BY hash LIMIT ?2)`;
