export const PUT_GRANT = `INSERT INTO grants (id, expires_at, body) VALUES (?1, ?2, ?3)
  ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, body = excluded.body`;

/** Few enough to be read whole. */
export const LIST_GRANTS = 'SELECT body FROM grants WHERE expires_at IS NULL OR expires_at > ?1 ORDER BY id';

export const REVOKE_GRANT = 'DELETE FROM grants WHERE id = ?1';
