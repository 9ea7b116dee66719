import { createHash } from 'node:crypto';
import { CadreError } from '@cadre/core';
import { change, query, type Row } from './database.ts';
import type { Connection } from './group-commit.ts';
import { MIGRATIONS, type Migration } from './migrations/migrations.ts';

/**
 * Invariants
 * 1. Forward only, in the order of the numbers, each once, all that are missing in one transaction.
 * 2. What was applied is never edited: its checksum stands beside it.
 * 3. A store that a newer Cadre has changed is left as it is.
 */
export function migrate(
  connection: Connection,
  path: string,
  migrations: readonly Migration[] = MIGRATIONS,
): void {
  if (missing(connection, path, migrations).length === 0) return;
  connection.begin();
  try {
    // Looked at again: another process may have been first.
    for (const migration of missing(connection, path, migrations)) apply(connection, migration);
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

const TABLE = `CREATE TABLE IF NOT EXISTS migrations (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
  applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT`;

function apply(connection: Connection, migration: Migration): void {
  connection.run(change(TABLE));
  for (const sql of migration.statements) connection.run(change(sql));
  connection.run(
    change(
      'INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)',
      migration.number,
      migration.name,
      checksum(migration),
    ),
  );
}

function missing(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
): readonly Migration[] {
  const applied = new Map(readApplied(connection).map((row) => [Number(row['number']), row]));
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length) {
    throw new CadreError(
      'incompatible',
      `the store ${path} was changed by a newer Cadre (version ${newest} of its tables, this Cadre knows ${migrations.length})`,
      { hint: 'install the newer Cadre again, or use another data folder with CADRE_HOME' },
    );
  }
  const changed = migrations.find(
    (migration) =>
      applied.has(migration.number) && applied.get(migration.number)?.['checksum'] !== checksum(migration),
  );
  if (changed !== undefined) {
    throw new CadreError(
      'incompatible',
      `the store ${path} was made by a different build of Cadre: migration ${changed.number} (${changed.name}) is not the one that was applied`,
      { hint: 'use the Cadre that made this store, or another data folder with CADRE_HOME' },
    );
  }
  return migrations.filter((migration) => !applied.has(migration.number));
}

function readApplied(connection: Connection): readonly Row[] {
  const tables = connection.run(query("SELECT name FROM sqlite_schema WHERE name = 'migrations'")).rows;
  return tables.length === 0 ? [] : connection.run(query('SELECT number, checksum FROM migrations')).rows;
}

function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.statements.join(';\n')).digest('hex');
}
