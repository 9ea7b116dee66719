import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CadreError, isCadreError } from '@cadre/core';
import { loadConfig } from '@cadre/kit/config';
import { APP } from './app-options.ts';
import { systemClock } from './clock.ts';
import { ConfigSchema } from './config.ts';
import { checkAudit, rowsOf } from './data-backup.ts';
import { liveness, mayBeTaken, thisProcess } from './engine/holder.ts';
import { createAuditStore } from './stores/audit-store.ts';
import { placeFile, removeDatabase, unsealBackup } from './stores/backup-file.ts';
import { contentsOf } from './stores/move-store.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';
import { openSqliteDatabase } from './stores/sqlite-database.ts';
import { workspaceFolder } from './workspace-folder.ts';

export interface Restored {
  readonly file: string;
  readonly madeAt: number;
  readonly rows: Readonly<Record<string, number>>;
  /** Where the former store is now. */
  readonly former?: string;
  /** False: this is what would be restored. */
  readonly done: boolean;
}

export interface RestoreOptions {
  readonly place: { readonly root: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string;
  readonly planOnly: boolean;
}

/**
 * Puts a backup in the place of the store. The store need not be readable: that may be why.
 *
 * Invariants
 * 1. The backup is proved on a copy before anything changes; the store is replaced by one rename, so that at each moment,
 *    also after `kill -9`, there is either the former store or the new one, whole.
 * 2. Nobody else has the store open when it is replaced: SQLite itself says so. Whoever opens it meanwhile waits, and opens
 *    it anew (`stores/sqlite-database`).
 * 3. The former store is kept beside, and put back when the new one does not prove to be what was backed up.
 */
export async function restoreStore({ place, env, file, planOnly }: RestoreOptions): Promise<Restored> {
  const folder = workspaceFolder(place.root, env);
  await refuseShared(place.root, env);
  if (!existsSync(file)) {
    throw new CadreError('not_found', `there is no file ${file}`, {
      hint: 'cadre data backup FILE makes one',
    });
  }
  const path = join(folder, 'cadre.db');
  const clock = systemClock();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseWhileWorking(path, clock.now());
  const staged = `${path}.staged`;
  try {
    await removeDatabase(staged);
    await copyFile(file, staged);
    const database = await openSqliteDatabase(staged);
    const manifest = await unsealBackup(database, file).finally(() => database.close());
    const said = { file, madeAt: manifest.madeAt, rows: rowsOf(manifest.contents) };
    if (planOnly) return { ...said, done: false };
    const former = `${path}.before-${new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '')}`;
    const kept = await replace(path, staged, former, folder);
    try {
      const restored = await openSqliteDatabase(path);
      try {
        const now = await contentsOf(restored);
        const wrong = Object.keys(manifest.contents).filter(
          (table) => now[table]?.digest !== manifest.contents[table]?.digest,
        );
        if (wrong.length > 0)
          throw new CadreError('store_corrupt', `${wrong.join(', ')} were not restored whole`);
        await checkAudit(restored, path);
        await createAuditStore(restored).append({
          at: clock.now(),
          principal: `user:${userInfo().username}`,
          worker: 'cadre',
          action: 'data',
          operation: 'restore',
          target: file,
          decision: 'allowed',
          rule: 'asked for at the command line',
          details: { madeAt: manifest.madeAt, ...(kept ? { former } : {}) },
        });
      } finally {
        await restored.close();
      }
    } catch (error) {
      // Invariant 3.
      if (kept) renameSync(former, path);
      throw error;
    }
    return { ...said, ...(kept ? { former } : {}), done: true };
  } finally {
    await removeDatabase(staged);
  }
}

async function refuseShared(root: string, env: RestoreOptions['env']): Promise<void> {
  const { value } = await loadConfig({ app: APP, schema: ConfigSchema, workspace: root, env, strict: true });
  if (value.store.url === undefined) return;
  throw new CadreError('invalid_usage', 'the store is a PostgreSQL database, and a backup is a file', {
    hint: 'restore it without store.url, then move it into a new schema: cadre migrate --to secret:STORE_URL',
  });
}

/** What cannot be opened holds nothing. */
async function refuseWhileWorking(path: string, now: number): Promise<void> {
  if (!existsSync(path)) return;
  const self = thisProcess('restore');
  try {
    const store = await openSqliteStore(path);
    const leases = await store.leases.list().finally(() => store.close());
    const working = leases.find((lease) => !mayBeTaken(lease, liveness(lease, self), now));
    if (working !== undefined) throw inUse(`process ${working.pid} on ${working.host} holds ${working.name}`);
  } catch (error) {
    if (isCadreError(error) && error.code === 'store_corrupt') return;
    throw error;
  }
}

/** Invariants 1 and 2. Answers whether there was a former store. */
async function replace(path: string, staged: string, former: string, folder: string): Promise<boolean> {
  const [head, checkpoints] = [join(folder, 'audit-head'), join(folder, 'audit-checkpoints')];
  if (!existsSync(path)) {
    rmSync(head, { force: true });
    await placeFile(staged, path);
    return false;
  }
  const lock = lockOut(path);
  try {
    linkSync(path, former);
    // It speaks of the former chain; without one the chain is still checked in itself, and the next record writes it.
    rmSync(head, { force: true });
    // So do these; an anchor outside of the folder goes on telling that it was set back.
    if (existsSync(checkpoints)) renameSync(checkpoints, `${former}-checkpoints`);
    for (const end of ['-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, former + end);
    await placeFile(staged, path);
  } finally {
    lock?.close();
  }
  return true;
}

/** Undefined: the file is damaged, so nobody can have it open and work with it. */
function lockOut(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 1_000 });
  try {
    // Leaving the write-ahead log is possible only for the last one who has the file open, and removes it.
    const [row] = database.prepare('PRAGMA journal_mode = DELETE').all();
    if (row?.['journal_mode'] !== 'delete') throw inUse('another process has it open');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (DAMAGED.has(code)) return undefined;
    if (code === BUSY) throw inUse('another process has it open');
    throw error;
  }
}

const BUSY = 5;
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

function inUse(how: string): CadreError {
  return new CadreError('lease_held', `the store is in use: ${how}`, {
    hint: 'end every cadre process of this workspace (they give back what they hold), then try again',
  });
}
