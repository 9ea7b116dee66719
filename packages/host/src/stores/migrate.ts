import { createHash } from 'node:crypto';
import { CadreError } from '@cadre/core/history';
import { change, query, type Row, type Script } from './database.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import { MIGRATIONS, type Migration } from './migrations/migrations.ts';

/** Which store it is, for people, and what it speaks. */
export interface Migrated {
  readonly name: string;
  readonly dialect: Dialect;
}

/**
 * Brings the tables up to date; to be run in one transaction that no other process has at the same time.
 *
 * Invariants
 * 1. Forward only, in the order of the numbers, each once, all that are missing in one transaction.
 * 2. What was applied is never edited: its checksum stands beside it.
 * 3. A store that a newer Cadre has changed is left as it is.
 */
export function* migrate(store: Migrated, migrations: readonly Migration[] = MIGRATIONS): Script<void> {
  for (const migration of yield* missingMigrations(store, migrations)) yield* apply(store, migration);
}

function* apply({ dialect }: Migrated, migration: Migration): Script<void> {
  yield change(DIALECTS[dialect].makeMigrations);
  for (const sql of migration.statements[dialect]) yield change(sql);
  yield change(
    'INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)',
    migration.number,
    migration.name,
    checksum(migration, dialect),
  );
}

/** Throws `incompatible` for a store that this Cadre must not touch. */
export function* missingMigrations(
  { name, dialect }: Migrated,
  migrations: readonly Migration[] = MIGRATIONS,
): Script<readonly Migration[]> {
  const applied = new Map((yield* readApplied(dialect)).map((row) => [Number(row['number']), row]));
  const newest = Math.max(0, ...applied.keys());
  const known = Math.max(0, ...migrations.map(({ number }) => number));
  if (newest > known) {
    throw new CadreError(
      'incompatible',
      `the store ${name} was changed by a newer Cadre (version ${newest} of its tables, this Cadre knows ${known})`,
      { hint: 'install the newer Cadre again, or use another data folder with CADRE_HOME' },
    );
  }
  const changed = migrations.find(
    (migration) =>
      applied.has(migration.number) &&
      applied.get(migration.number)?.['checksum'] !== checksum(migration, dialect),
  );
  if (changed !== undefined) {
    throw new CadreError(
      'incompatible',
      `the store ${name} was made by a different build of Cadre: migration ${changed.number} (${changed.name}) is not the one that was applied`,
      { hint: 'use the Cadre that made this store, or another data folder with CADRE_HOME' },
    );
  }
  return migrations.filter((migration) => !applied.has(migration.number));
}

function* readApplied(dialect: Dialect): Script<readonly Row[]> {
  const { rows } = yield query(DIALECTS[dialect].findMigrations);
  return rows.length === 0 ? [] : (yield query('SELECT number, checksum FROM migrations')).rows;
}

function checksum(migration: Migration, dialect: Dialect): string {
  return createHash('sha256').update(migration.statements[dialect].join(';\n')).digest('hex');
}
