import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CadreError } from '@cadre/core';
import type { Config } from './config.ts';
import { verifyAudit } from './gate/verify-audit.ts';
import type { Lease } from './ports/lease-store.ts';
import type { SecretSource } from './ports/secret-source.ts';
import { clearOf, schemaOf } from './store-address.ts';
import { createAuditRemoval } from './stores/audit-removal.ts';
import { createAuditStore } from './stores/audit-store.ts';
import type { Database } from './stores/database.ts';
import type { Contents } from './stores/move-store.ts';
import { openSqliteDatabase } from './stores/sqlite-database.ts';

export interface BackedUp {
  readonly file: string;
  readonly rows: Readonly<Record<string, number>>;
}

export interface BackupOptions {
  readonly config: Config;
  /** The workspace's folder for data. */
  readonly folder: string;
  readonly name: string;
  readonly secrets: SecretSource;
  readonly file: string;
  readonly now: number;
  readonly take: () => Promise<
    { readonly ok: true; readonly lease: Lease } | { readonly ok: false; readonly holder: Lease }
  >;
  readonly give: (lease: Lease) => Promise<void>;
}

/**
 * A backup of the store as one file, whatever kind of store it is.
 *
 * Invariants
 * 1. It has its name only when it was read again and proved: pages, references, events, counters, the audit chain.
 * 2. What was there under that name is never replaced.
 */
export async function backUpStore(options: BackupOptions): Promise<BackedUp> {
  const { file, now } = options;
  if (existsSync(file)) {
    throw new CadreError('exists', `${file} is there already`, {
      hint: 'name another file, or remove that one',
    });
  }
  const taken = await options.take();
  if (!taken.ok) throw atIt(taken.holder);
  const { checkDatabase, placeFile, removeDatabase, sealBackup } = await import('./stores/backup-file.ts');
  const staged = `${file}.staged`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await removeDatabase(staged);
    await copyStore(options, staged);
    const database = await openSqliteDatabase(staged);
    const { importArtifacts } = await import('./stores/import-artifacts.ts');
    let contents: Contents;
    try {
      if (options.config.store.url === undefined)
        await importArtifacts(database, join(options.folder, 'artifacts'));
      contents = await checkDatabase(database, staged);
      await checkAudit(database, staged);
      await sealBackup(database, { madeAt: now, contents });
    } finally {
      await database.close();
    }
    await chmod(staged, 0o600);
    await placeFile(staged, file);
    return { file, rows: rowsOf(contents) };
  } finally {
    await removeDatabase(staged);
    await options.give(taken.lease);
  }
}

async function copyStore({ config, folder, name, secrets }: BackupOptions, staged: string): Promise<void> {
  const { copyInto, copySqlite } = await import('./stores/backup-file.ts');
  const { url } = config.store;
  if (url === undefined) return copySqlite(join(folder, 'cadre.db'), staged);
  const { parsePostgresAddress } = await import('./stores/postgres-address.ts');
  const { openSessions } = await import('./stores/postgres-sessions.ts');
  const { openPostgresSnapshot } = await import('./stores/postgres-database.ts');
  const address = parsePostgresAddress(await clearOf(url, secrets), config.store.schema ?? schemaOf(name));
  const sessions = openSessions(address);
  try {
    const snapshot = await openPostgresSnapshot(sessions);
    await copyInto(snapshot, staged).finally(() => snapshot.close());
  } finally {
    await sessions.close();
  }
}

/** The chain within itself: the head beside the store may be of a later moment. */
export async function checkAudit(database: Database, name: string): Promise<void> {
  const stored = await createAuditRemoval(database).beginnings();
  const found = await verifyAudit(createAuditStore(database), undefined, { stored });
  if (found.ok) return;
  throw new CadreError('store_corrupt', `the audit chain in ${name} is broken: ${found.message}`, {
    hint: 'cadre audit verify says the same of the store itself',
  });
}

export function rowsOf(contents: Contents): Record<string, number> {
  return Object.fromEntries(Object.entries(contents).map(([table, { rows }]) => [table, rows]));
}

function atIt({ pid, host }: Lease): CadreError {
  return new CadreError('lease_held', `process ${pid} on ${host} is backing up or restoring`, {
    hint: 'wait until it has ended',
  });
}
