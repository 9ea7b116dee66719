import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { CadreError } from '@cadre/core';
import { change, type Database } from './database.ts';
import { type Contents, contentsOf, copyContents } from './move-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { storeFault } from './sqlite-fault.ts';

/** What stands in a backup about itself. */
export interface BackupManifest {
  readonly madeAt: number;
  readonly contents: Contents;
}

const COMPANIONS = ['', '-wal', '-shm', '-journal'];

export async function removeDatabase(path: string): Promise<void> {
  for (const end of COMPANIONS) await rm(path + end, { force: true });
}

/** SQLite's own online backup: others go on writing, and the copy is the store of one moment. */
export async function copySqlite(path: string, staged: string): Promise<void> {
  try {
    const source = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      await backup(source, staged, { rate: 1_000 });
    } finally {
      source.close();
    }
  } catch (error) {
    throw storeFault(error, path);
  }
}

/** From a store of another kind: a page at a time, each compared by digest. */
export async function copyInto(source: Database, staged: string): Promise<void> {
  const target = await openSqliteDatabase(staged);
  await copyContents(source, target, 'sqlite', () => undefined).finally(() => target.close());
}

const CHECKS: readonly (readonly [what: string, sql: string])[] = [
  [
    'its pages are damaged',
    "SELECT integrity_check AS found FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1",
  ],
  ['rows name others that are not there', 'SELECT "table" AS found FROM pragma_foreign_key_check LIMIT 1'],
  [
    'a run has not the events that it should have',
    'SELECT id AS found FROM runs WHERE number <> (SELECT count(*) FROM events WHERE run = runs.key) LIMIT 1',
  ],
  [
    'its counters are wrong',
    `SELECT 'run_counts' AS found WHERE EXISTS (
      SELECT workflow, mode, status, count(*) FROM runs GROUP BY workflow, mode, status
      EXCEPT SELECT workflow, mode, status, runs FROM run_counts)`,
  ],
];

/** Throws `store_corrupt` unless everything in it fits together; answers what it holds. */
export async function checkDatabase(database: Database, name: string): Promise<Contents> {
  for (const [what, sql] of CHECKS) {
    const [row] = await database.read(sql, []);
    if (row !== undefined) throw damaged(name, `${what} (${row['found']})`);
  }
  return contentsOf(database);
}

/** Writes what the backup holds into itself, as one file without companions, and flushes it. */
export async function sealBackup(database: Database, manifest: BackupManifest): Promise<void> {
  await database.write(function* () {
    yield change('DROP TABLE IF EXISTS backup');
    yield change('CREATE TABLE backup (manifest TEXT NOT NULL) STRICT');
    yield change('INSERT INTO backup (manifest) VALUES (?1)', JSON.stringify(manifest));
  });
  await asOneFile(database);
}

async function asOneFile(database: Database): Promise<void> {
  await database.read('PRAGMA wal_checkpoint(TRUNCATE)', []);
  await database.read('PRAGMA journal_mode = DELETE', []);
}

/** What a backup says of itself, proved against what it holds; then it is a store like any other. */
export async function unsealBackup(database: Database, name: string): Promise<BackupManifest> {
  const tables = await database.read("SELECT 1 FROM sqlite_schema WHERE name = 'backup'", []);
  const [row] = tables.length === 0 ? [] : await database.read('SELECT manifest FROM backup', []);
  if (row === undefined) {
    throw new CadreError('invalid_input', `${name} is no backup made by cadre data backup`, {
      hint: 'name a file that cadre data backup has written',
    });
  }
  const manifest = JSON.parse(String(row['manifest'])) as BackupManifest;
  const contents = await checkDatabase(database, name);
  const then = manifest.contents;
  const different = Object.keys(then).filter(
    (table) => then[table]?.rows !== contents[table]?.rows || then[table]?.digest !== contents[table]?.digest,
  );
  if (different.length > 0) throw damaged(name, `${different.join(', ')} are not what was backed up`);
  await database.write(function* () {
    yield change('DROP TABLE backup');
    // They belong to processes of that time.
    yield change('DELETE FROM leases');
  });
  await asOneFile(database);
  return manifest;
}

/** Takes its place at once and for good. */
export async function placeFile(staged: string, file: string): Promise<void> {
  const handle = await open(staged, 'r');
  await handle.sync().finally(() => handle.close());
  await rename(staged, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}

function damaged(name: string, what: string): CadreError {
  return new CadreError('store_corrupt', `${name} is not whole: ${what}`, {
    hint: 'use another backup; nothing was changed',
  });
}
