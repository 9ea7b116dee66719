import { change, query, type Script } from './database.ts';

/** What a file carries once it has these migrations and no others. */
export interface SqliteSeal {
  readonly mark: number;
  readonly migrations: number;
}

/** The build writes it here: at almost every start there is nothing to do, and the migrations (30 kB) need not be read for that. */
declare const CADRE_SQLITE_SEAL: SqliteSeal | undefined;

export async function currentSeal(): Promise<SqliteSeal> {
  if (typeof CADRE_SQLITE_SEAL !== 'undefined') return CADRE_SQLITE_SEAL;
  return (await import('./make-sqlite-seal.ts')).makeSqliteSeal();
}

/** By the checksums it would be found out with Node's cryptography, which takes 6 ms. */
export function* isSealed({ mark, migrations }: SqliteSeal): Script<boolean> {
  const [sealed] = (yield query('PRAGMA user_version')).rows;
  if (sealed?.['user_version'] !== mark) return false;
  const [applied] = (yield query('SELECT count(*) AS count FROM migrations')).rows;
  return applied?.['count'] === migrations;
}

export function* seal({ mark }: SqliteSeal): Script<void> {
  yield change(`PRAGMA user_version = ${mark}`);
}
