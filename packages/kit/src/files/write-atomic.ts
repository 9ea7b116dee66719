import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, constants, type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isKitError, KitError } from '../error.ts';
import { contentVersion, hashFile } from './hash-file.ts';
import { realTarget } from './real-target.ts';
import { systemCode, systemFault } from './system-fault.ts';

export interface WriteOptions {
  /** Permission bits; default those of the file that is replaced, else 0o666 without the umask. */
  readonly mode?: number;
  /** Default: the owner of the file that is replaced, as far as the system permits. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Version (SHA-256, hex) that the file must still have; null: it must not exist yet. */
  readonly ifVersion?: string | null;
}

/**
 * Replaces or creates a file so that a reader, or a crash at any moment, finds the old or the new content, never
 * a mixture. A symbolic link stays a link; what it leads to is replaced. Answers the new version (SHA-256, hex).
 * Throws `not_found` (no such folder), `not_writable`, `disk_full`, `changed_meanwhile`; the old file is then intact.
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<{ readonly version: string }> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const tried = `cannot write ${path}`;
  const target = await realTarget(path);
  const folder = dirname(target);
  // In the same folder, because only there a rename cannot cross file systems; a fixed short name, because the
  // file's own name may already have the greatest length that the system allows.
  const temporary = join(folder, `.cadre-${randomUUID()}.tmp`);
  try {
    const replaced = await existingFile(target);
    await fill(temporary, bytes, replaced, options);
    await moveIntoPlace(temporary, target, options.ifVersion);
    await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw systemFault(error, tried);
  }
  return { version: contentVersion(bytes) };
}

/** A file that its owner made read-only is refused, although renaming over it would work. */
async function existingFile(target: string): Promise<Stats | undefined> {
  try {
    const found = await stat(target);
    if (found.isDirectory()) throw new KitError('invalid_value', `cannot write ${target}: it is a folder`);
    await access(target, constants.W_OK);
    return found;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function fill(
  temporary: string,
  bytes: Uint8Array,
  replaced: Stats | undefined,
  options: WriteOptions,
): Promise<void> {
  const file = await open(temporary, 'wx', 0o666);
  try {
    await file.writeFile(bytes);
    await keepOwner(file, replaced, options.owner);
    // After the owner: changing it clears set-id bits.
    const mode = options.mode ?? replaced?.mode;
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepOwner(
  file: FileHandle,
  replaced: Stats | undefined,
  wanted: WriteOptions['owner'],
): Promise<void> {
  if (wanted !== undefined) return file.chown(wanted.uid, wanted.gid);
  if (replaced === undefined) return;
  const own = await file.stat();
  if (own.uid === replaced.uid && own.gid === replaced.gid) return;
  try {
    await file.chown(replaced.uid, replaced.gid);
  } catch (error) {
    // Only root may give files away; everybody else gets the new content as their own.
    if (systemCode(error) !== 'EPERM') throw error;
  }
}

async function moveIntoPlace(
  temporary: string,
  target: string,
  ifVersion: string | null | undefined,
): Promise<void> {
  if (ifVersion === null) {
    await linkNew(temporary, target);
    return rm(temporary);
  }
  if (ifVersion !== undefined && (await versionOf(target)) !== ifVersion) throw changed(target);
  await rename(temporary, target);
}

async function versionOf(target: string): Promise<string | null> {
  try {
    return await hashFile(target);
  } catch (error) {
    if (isKitError(error) && error.code === 'not_found') return null;
    throw error;
  }
}

/** A hard link, unlike a rename, fails when the name is taken: two creators cannot both win. */
async function linkNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? changed(target) : error;
  }
}

function changed(target: string): KitError {
  return new KitError('changed_meanwhile', `${target} was changed by somebody else since it was read`, {
    hint: 'read it again and repeat the change',
  });
}

/** Makes the rename itself survive a power cut. Windows cannot open folders and needs no such call. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
