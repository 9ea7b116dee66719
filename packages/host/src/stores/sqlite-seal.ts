import { change, query, type Script } from './database.ts';

/**
 * What a file carries once it has all migrations and no others: at almost every start there is nothing to do, and to find that out by the
 * checksums takes the list of migrations and Node's cryptography, 8 ms. A test holds both to the list, and says what they have to be.
 */
const SEAL = 1977637981;
const COUNT = 15;

export function* isSealed(): Script<boolean> {
  const [sealed] = (yield query('PRAGMA user_version')).rows;
  if (sealed?.['user_version'] !== SEAL) return false;
  const [applied] = (yield query('SELECT count(*) AS count FROM migrations')).rows;
  return applied?.['count'] === COUNT;
}

export function* seal(): Script<void> {
  yield change(`PRAGMA user_version = ${SEAL}`);
}
