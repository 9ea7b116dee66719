import { change, query, type Script } from './database.ts';
import { MIGRATIONS } from './migrations/migrations.ts';

/**
 * What a file carries once it has these migrations and no others: at almost every start there is nothing to do, and to find
 * that out by the checksums takes Node's cryptography, 6 ms. Made of the length of each statement (FNV-1a, 31 bits).
 */
const SEAL =
  MIGRATIONS.flatMap(({ statements }) => statements.sqlite.map((statement) => statement.length)).reduce(
    (hash, length) => Math.imul(hash ^ length, 0x01000193),
    0x811c9dc5,
  ) & 0x7fffffff;

export function* isSealed(): Script<boolean> {
  const [sealed] = (yield query('PRAGMA user_version')).rows;
  if (sealed?.['user_version'] !== SEAL) return false;
  const [applied] = (yield query('SELECT count(*) AS count FROM migrations')).rows;
  return applied?.['count'] === MIGRATIONS.length;
}

export function* seal(): Script<void> {
  yield change(`PRAGMA user_version = ${SEAL}`);
}
