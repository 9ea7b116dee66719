/** Nothing is inserted when there is no such run. */
export const PUT_DOCUMENT = `INSERT INTO documents (run, name, document)
  SELECT key, ?2, ?3 FROM runs WHERE id = ?1
  ON CONFLICT (run, name) DO UPDATE SET document = excluded.document`;

export const FIND_DOCUMENT = `SELECT document FROM documents
  WHERE run = (SELECT key FROM runs WHERE id = ?1) AND name = ?2`;
