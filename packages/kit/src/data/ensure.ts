import type { Stats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { KitError } from '../error.ts';
import { isTaken } from '../files/is-taken.ts';
import { readText } from '../files/read-text.ts';
import { systemFault } from '../files/system-fault.ts';
import { writeAtomic } from '../files/write-atomic.ts';
import { parseAppId } from './app-id.ts';
import { dataDir, type FolderOptions } from './folders.ts';

/** In the folder's root, so that a folder can be told from one that merely has the name. */
export const MARKER_FILE = '.app.json';

export interface Marker {
  readonly app: string;
  readonly formatVersion: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly lastUsedAt: string;
}

export interface EnsureOptions extends FolderOptions {
  /** Of the data that the application keeps. Default 1. */
  readonly formatVersion?: number;
  readonly now?: () => number;
}

/**
 * Makes the data folder and its missing parents with mode 0700 and marks it. Doing it again only notes the use.
 * Throws `not_writable` with path and owner, `exists` when a file stands there.
 */
export async function ensureDataDir(
  app: string,
  options: EnsureOptions = {},
): Promise<{ readonly path: string; readonly created: boolean }> {
  const path = dataDir(app, options);
  const existed = await isTaken(path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await mark(path, app, options);
  } catch (error) {
    throw await explained(systemFault(error, `cannot make the data folder ${path}`), path);
  }
  return { path, created: !existed };
}

/** Whether the application has a marked data folder here. */
export async function isInstalled(app: string, options?: FolderOptions): Promise<boolean> {
  return isTaken(join(dataDir(app, options), MARKER_FILE));
}

async function mark(path: string, app: string, options: EnsureOptions): Promise<void> {
  const at = new Date(options.now?.() ?? Date.now()).toISOString();
  const file = join(path, MARKER_FILE);
  const before = (await isTaken(file)) ? (JSON.parse(await readText(file)) as Marker) : undefined;
  const marker: Marker = {
    app: before?.app ?? parseAppId(app),
    formatVersion: before?.formatVersion ?? options.formatVersion ?? 1,
    createdAt: before?.createdAt ?? at,
    lastUsedAt: at,
  };
  await writeAtomic(file, `${JSON.stringify(marker, null, 2)}\n`);
}

async function explained(fault: unknown, path: string): Promise<unknown> {
  if (fault instanceof Error && 'code' in fault && fault.code === 'EEXIST') {
    return new KitError('exists', `cannot make the data folder ${path}: a file stands there`, {
      cause: fault,
    });
  }
  if (!(fault instanceof KitError) || fault.code !== 'not_writable') return fault;
  const { folder, stats } = await nearestExisting(path);
  return new KitError('not_writable', `${fault.message}; ${folder} belongs to ${ownerOf(stats)}`, {
    hint: `give yourself write access to ${folder}, or choose another place with the HOME variable of the app`,
    details: { path, folder, uid: stats.uid },
    cause: fault,
  });
}

async function nearestExisting(path: string): Promise<{ folder: string; stats: Stats }> {
  try {
    return { folder: path, stats: await stat(path) };
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearestExisting(dirname(path));
  }
}

function ownerOf(stats: Stats): string {
  const own = userInfo();
  return stats.uid === own.uid ? `you (${own.username})` : `user ${stats.uid}`;
}
