import { dirname, join } from 'node:path';
import type { Store } from '../ports/store.ts';
import { openArtifactFiles } from './artifact-files.ts';
import { createStore } from './create-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { sqliteVacuum } from './vacuum.ts';

/**
 * Opens the store in a file, or in memory with `:memory:`; makes the file (mode 0600) and its folder (0700) when they are
 * not there. Any number of processes may have one file open. Artifacts lie beside it, in `artifacts`. Throws CadreError `store_corrupt`, `store_unavailable`,
 * `disk_full`, or `incompatible` when a newer Cadre has changed it.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  const database = await openSqliteDatabase(path);
  const files = path === ':memory:' ? undefined : openArtifactFiles(join(dirname(path), 'artifacts'));
  return createStore(database, sqliteVacuum(database), files);
}
