/** Read whole: whoever asks for one file asks for all of the place. */
export const READ_FILES = 'SELECT path, stamp, digest FROM file_digests WHERE place = ?1';

export const NOTE_FILE = `INSERT INTO file_digests (place, path, stamp, digest) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (place, path) DO UPDATE SET stamp = excluded.stamp, digest = excluded.digest`;

export const FORGET_FILE = 'DELETE FROM file_digests WHERE place = ?1 AND path = ?2';
