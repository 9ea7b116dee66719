/** Nothing is inserted when there is no such run. */
export const PUT_EFFECTS =
  'INSERT INTO effects (run, step, effects) SELECT key, ?2, ?3 FROM runs WHERE id = ?1';

export const READ_EFFECTS = `SELECT step, effects FROM effects
  WHERE run = (SELECT key FROM runs WHERE id = ?1) ORDER BY id`;
