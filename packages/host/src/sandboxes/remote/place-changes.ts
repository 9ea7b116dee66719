import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lchown, lstat, open, rename, rmdir, stat, symlink, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemCode } from '@cadre/kit/files';
import { piecesOf } from './describe-entry.ts';
import { openWay, type Way } from './hold-way.ts';
import type { Change, Entry } from './remote-protocol.ts';
import { allOf, inSameFolder } from './same-folder.ts';
import { makeFolder, type UnlinkedFolder } from './unlinked-folder.ts';

export interface Placing {
  /** The folder below which each path lies. */
  readonly top: string;
  /** The file that holds a content. */
  readonly contentOf: (hash: string) => string;
  /** Files that others hold on to: they are written as they are, and not replaced. */
  readonly isHeld?: (path: string) => boolean;
  /** Folders on the way to a path are made where there are none. */
  readonly makesWay?: boolean;
}

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Makes changes in a tree in which somebody may be at work who is not trusted.
 * Invariants
 * 1. Nothing outside of `top` is touched: no link is followed, wherever and whenever it was put there.
 * 2. Whoever reads a file meanwhile finds the old one or the new one.
 */
export async function placeChanges(changes: readonly Change[], placing: Placing): Promise<void> {
  const way = await openWay(placing.top);
  try {
    // A folder sorts before what is in it.
    const sorted = changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    for (const { kind, path } of sorted.toReversed()) if (kind === 'gone') await remove(way, path);
    const kept = sorted.filter((change): change is Entry => change.kind !== 'gone');
    const folders = kept.filter((entry) => entry.kind === 'folder');
    for (const some of [
      ...folders.map((one) => [one]),
      ...inSameFolder(kept.filter((one) => one.kind !== 'folder')),
    ])
      await place(way, some, placing);
    // At last and from below, since what may not be entered any more cannot be filled.
    for (const { path, mode } of folders.toReversed()) await setFolderMode(way, path, mode);
  } finally {
    await way.close();
  }
}

async function remove(way: Way, path: string): Promise<void> {
  const folder = await way.around(path);
  if (folder !== undefined) await clear(folder, basename(path));
}

/** What is not empty stays: there is something in it that nobody was told of. */
async function clear(folder: UnlinkedFolder, name: string): Promise<void> {
  const found = await lstat(folder.at(name)).catch(() => undefined);
  if (found?.isDirectory() === true) {
    await rmdir(folder.at(name)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'EEXIST') throw error;
    });
  } else if (found !== undefined) await unlink(folder.at(name));
}

/** All of them in the same folder. */
async function place(way: Way, entries: readonly Entry[], placing: Placing): Promise<void> {
  const [{ path } = { path: '' }] = entries;
  const folder = await way.around(path, placing.makesWay);
  if (folder === undefined) throw new Error(`${path} is in no folder any more`);
  await allOf(entries.map((entry) => placeIn(folder, entry, placing)));
}

async function placeIn(folder: UnlinkedFolder, entry: Entry, placing: Placing): Promise<void> {
  const { path } = entry;
  const name = basename(path);
  if (entry.kind === 'folder') return placeFolder(folder, name, path);
  if (entry.kind === 'link') {
    await clear(folder, name);
    await symlink(entry.to, folder.at(name));
    return own(folder, name);
  }
  if (placing.isHeld?.(path) === true && (await overwrite(folder, name, entry, placing))) return;
  await replace(folder, name, entry, placing);
}

async function placeFolder(folder: UnlinkedFolder, name: string, path: string): Promise<void> {
  const found = await lstat(folder.at(name)).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) await clear(folder, name);
  const made = await makeFolder(folder, name);
  if (made === undefined) throw new Error(`${path} cannot be made a folder`);
  await made.close();
  if (found?.isDirectory() !== true) await own(folder, name);
}

type FileEntry = Extract<Entry, { kind: 'file' }>;

/** False where there is no such file. */
async function overwrite(
  folder: UnlinkedFolder,
  name: string,
  entry: FileEntry,
  placing: Placing,
): Promise<boolean> {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | NO_FOLLOW;
  const file = await open(folder.at(name), flags).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    await file.truncate(0);
    await fill(file, entry, placing);
  } finally {
    await file.close();
  }
  return true;
}

async function replace(
  folder: UnlinkedFolder,
  name: string,
  entry: FileEntry,
  placing: Placing,
): Promise<void> {
  // A name of its own, since that of the file may have the greatest length there is.
  const temporary = `.cadre-${randomUUID()}.tmp`;
  const before = await lstat(folder.at(name)).catch(() => undefined);
  const file = await open(
    folder.at(temporary),
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW,
    0o600,
  );
  try {
    await fill(file, entry, placing).finally(() => file.close());
    await own(folder, temporary, before?.isFile() === true ? before : undefined);
    if (before?.isDirectory() === true) await rmdir(folder.at(name));
    await rename(folder.at(temporary), folder.at(name));
  } catch (error) {
    await unlink(folder.at(temporary)).catch(() => {});
    throw error;
  }
}

async function fill(
  file: FileHandle,
  { size, hash, mode }: FileEntry,
  { contentOf }: Placing,
): Promise<void> {
  const content = await open(contentOf(hash), 'r');
  try {
    for await (const piece of piecesOf(content, size)) await file.writeFile(piece);
  } finally {
    await content.close();
  }
  await file.chmod(mode);
}

/** Where root writes for somebody else, it is theirs: whose the file was before, or the folder is. */
async function own(
  folder: UnlinkedFolder,
  name: string,
  before?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = before ?? (await stat(folder.itself));
  await lchown(folder.at(name), uid, gid);
}

async function setFolderMode(way: Way, path: string, mode: number): Promise<void> {
  const folder = await way.around(path);
  const flags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | NO_FOLLOW;
  const handle = await (folder && open(folder.at(basename(path)), flags).catch(() => undefined));
  await handle?.chmod(mode).finally(() => handle.close());
}
