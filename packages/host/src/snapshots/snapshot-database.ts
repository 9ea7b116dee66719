import { mkdirSync } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { CadreError, isCadreError } from '@cadre/core/errors';

/** Statements by their text, and transactions that may wait for the file system in the middle. */
export interface SnapshotDatabase {
  all<T>(sql: string, ...parameters: SQLInputValue[]): T[];
  run(sql: string, ...parameters: SQLInputValue[]): { changes: number; id: number };
  /** Keeps all other processes from writing until the work has ended; when it throws nothing of it is kept. */
  write<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

const VERSION = 1;

/**
 * Invariants
 * 1. Every version's content stands in `contents`, unless its digest says that it is not kept.
 * 2. Of the versions of a path at most one has no end, and none overlap: one valid at a look is unique.
 * 3. A window without an end belongs to a process that lives, or that nobody has found dead yet.
 */
const TABLES = `
CREATE TABLE looks (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, head TEXT, branch TEXT
) STRICT;
CREATE TABLE windows (
  id INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,
  place TEXT NOT NULL, pid INTEGER NOT NULL, process_start TEXT NOT NULL,
  began INTEGER NOT NULL, ended INTEGER, last_alive INTEGER
) STRICT;
CREATE INDEX windows_by_run ON windows (run, began);
CREATE INDEX windows_open ON windows (ended) WHERE ended IS NULL;
CREATE TABLE versions (
  path TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER, kind TEXT NOT NULL, mode INTEGER NOT NULL,
  digest TEXT NOT NULL, signature TEXT NOT NULL, changed INTEGER NOT NULL,
  PRIMARY KEY (path, began)
) STRICT, WITHOUT ROWID;
CREATE INDEX versions_by_beginning ON versions (began);
CREATE INDEX versions_by_end ON versions (ended);
CREATE TABLE contents (
  id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL
) STRICT;
PRAGMA user_version = ${VERSION};
`;

/** How long a look waits for that of another process, which may be keeping a large workspace for the first time. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 20;

/** Opens the file, and makes it (mode 0600) when it is not there: what stands in the workspace stands in it. */
export async function openSnapshotDatabase(path: string): Promise<SnapshotDatabase> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await (await open(path, 'a', 0o600)).close();
    await chmod(path, 0o600);
    return await connect(path);
  } catch (error) {
    throw fault(error, path);
  }
}

async function connect(path: string): Promise<SnapshotDatabase> {
  const database = new DatabaseSync(path, { timeout: 0 });
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw fault(error, path);
    }
  };
  /** Others may hold the file for as long as they look; waiting inside SQLite would stop this whole process. */
  const patiently = async (sql: string) => {
    for (const until = performance.now() + PATIENCE_MS; ; await pause(PAUSE_MS)) {
      try {
        return database.exec(sql);
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw error;
      }
    }
  };
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      await patiently('BEGIN IMMEDIATE');
      const result = await work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // Some faults (a full disk) end the transaction by themselves.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw fault(error, path);
    }
  };
  await patiently('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  const all = <T>(sql: string, ...parameters: SQLInputValue[]): T[] =>
    guarded(() => statement(sql).all(...parameters) as T[]);
  const version = () => all<{ user_version: number }>('PRAGMA user_version')[0]?.user_version ?? 0;
  if (version() === 0) {
    // Looked at again: another process may have been first.
    await write(async () => void (version() === 0 && database.exec(TABLES)));
  }
  if (version() > VERSION) {
    database.close();
    throw new CadreError('incompatible', `the snapshots ${path} were made by a newer Cadre`, {
      hint: 'install the newer Cadre again, or move the file away: only the undoing of earlier runs needs it',
    });
  }
  return {
    all,
    run: (sql, ...parameters) =>
      guarded(() => {
        const { changes, lastInsertRowid } = statement(sql).run(...parameters);
        return { changes: Number(changes), id: Number(lastInsertRowid) };
      }),
    write,
    close: () => database.close(),
  };
}

const BUSY = 5;
const FULL = 13;
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY;
}

/** SQLite's primary result code: https://sqlite.org/rescode.html */
function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

function fault(error: unknown, path: string): unknown {
  if (isCadreError(error) || !(error instanceof Error) || !('code' in error)) return error;
  const code = codeOf(error);
  const isFull = code === FULL || error.code === 'ENOSPC' || error.code === 'EDQUOT';
  if (isFull) {
    return new CadreError(
      'disk_full',
      `what a run may change could not be kept: the disk of ${path} is full`,
      {
        hint: 'free some space, or do without undoing: cadre config set undo.keep 0',
        cause: error,
      },
    );
  }
  const isDamaged = code !== undefined && DAMAGED.has(code);
  return new CadreError(
    isDamaged ? 'store_corrupt' : 'store_unavailable',
    `the snapshots ${path} ${isDamaged ? 'are damaged' : 'cannot be used'}: ${error.message}`,
    { hint: 'move the file away: only the undoing of earlier runs needs it', cause: error },
  );
}
