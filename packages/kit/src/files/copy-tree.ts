import type { Stats } from 'node:fs';
import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  symlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { isKitError, KitError } from '../error.ts';
import { isInside } from './is-inside.ts';
import { isTaken } from './is-taken.ts';
import { realTarget } from './real-target.ts';
import { systemFault } from './system-fault.ts';

/** File systems answer several requests at once; more than this gained nothing on an SSD. */
const AT_ONCE = 16;

export interface CopyOptions {
  /** `try` (default) shares the blocks where the file system can; `never` copies bytes. */
  readonly reflink?: 'try' | 'never';
  /** False leaves a path out, a folder with all it holds. Paths are relative to the source, with `/`. */
  readonly include?: (path: string) => boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: { readonly files: number; readonly bytes: number }) => void;
}

export interface Copied {
  readonly status: 'succeeded' | 'partial' | 'failed';
  readonly files: number;
  readonly bytes: number;
  /** Sockets, pipes and devices, which cannot be copied. */
  readonly skipped: readonly string[];
  readonly failed: readonly { readonly path: string; readonly message: string }[];
}

interface Copy extends CopyOptions {
  readonly source: string;
  readonly target: string;
  readonly skipped: string[];
  readonly failed: { path: string; message: string }[];
  files: number;
  bytes: number;
}

/**
 * Copies a file or a folder with all it holds; links stay links, modes and times are kept. The target must not
 * exist. One item that fails does not stop the others.
 * Throws `not_found`, `exists`, `cancelled`, and `refused` when the target lies inside the source.
 */
export async function copyTree(source: string, target: string, options: CopyOptions = {}): Promise<Copied> {
  const from = await lstat(source).catch((error: unknown) => {
    throw systemFault(error, `cannot copy ${source}`, 'not_readable');
  });
  if (from.isDirectory() && isInside(await realTarget(source), await realTarget(target))) {
    throw new KitError('refused', `cannot copy ${source} into itself`);
  }
  if (await isTaken(target)) {
    throw new KitError('exists', `cannot copy to ${target}: something is there already`);
  }
  const copy: Copy = { ...options, source, target, skipped: [], failed: [], files: 0, bytes: 0 };
  await copyEntry('', from, copy);
  const { skipped, failed, files, bytes } = copy;
  const nothing = files === 0 && failed.length > 0;
  return {
    status: nothing ? 'failed' : failed.length > 0 ? 'partial' : 'succeeded',
    files,
    bytes,
    skipped,
    failed,
  };
}

async function copyEntry(path: string, from: Stats, copy: Copy): Promise<void> {
  if (copy.signal?.aborted) throw new KitError('cancelled', `copying ${copy.source} was cancelled`);
  try {
    await COPIERS[kindOf(from)](path, from, copy);
  } catch (error) {
    noteFailure(error, path, copy);
  }
}

const COPIERS: Record<
  'file' | 'folder' | 'link' | 'other',
  (path: string, from: Stats, copy: Copy) => Promise<void>
> = {
  async file(path, from, copy) {
    const clone = copy.reflink === 'never' ? 0 : constants.COPYFILE_FICLONE;
    const target = join(copy.target, path);
    await copyFile(join(copy.source, path), target, clone | constants.COPYFILE_EXCL);
    await utimes(target, from.atime, from.mtime);
    copy.files += 1;
    copy.bytes += from.size;
    copy.onProgress?.({ files: copy.files, bytes: copy.bytes });
  },
  async folder(path, from, copy) {
    const target = join(copy.target, path);
    // Writable while it is filled, whatever it shall be in the end.
    await mkdir(target, { mode: 0o700 });
    const names = await readdir(join(copy.source, path));
    const children = names
      .map((name) => (path === '' ? name : `${path}/${name}`))
      .filter((child) => copy.include?.(child) ?? true);
    await copyChildren(children, copy);
    await chmod(target, from.mode & 0o7777);
    await utimes(target, from.atime, from.mtime);
  },
  async link(path, _from, copy) {
    await symlink(await readlink(join(copy.source, path)), join(copy.target, path));
    copy.files += 1;
  },
  async other(path, _from, copy) {
    copy.skipped.push(path);
  },
};

/** Files first and several at once, then folder by folder, so that never more than one group is in the air. */
async function copyChildren(children: readonly string[], copy: Copy): Promise<void> {
  const folders: { path: string; from: Stats }[] = [];
  const waiting = children.values();
  const copySome = async () => {
    for (const path of waiting) {
      const from = await statOf(path, copy);
      if (from?.isDirectory()) folders.push({ path, from });
      else if (from !== undefined) await copyEntry(path, from, copy);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copySome));
  for (const { path, from } of folders) await copyEntry(path, from, copy);
}

async function statOf(path: string, copy: Copy): Promise<Stats | undefined> {
  try {
    return await lstat(join(copy.source, path));
  } catch (error) {
    noteFailure(error, path, copy);
    return undefined;
  }
}

function noteFailure(error: unknown, path: string, copy: Copy): void {
  if (isKitError(error) && error.code === 'cancelled') throw error;
  copy.failed.push({ path, message: error instanceof Error ? error.message : String(error) });
}

function kindOf(from: Stats): keyof typeof COPIERS {
  if (from.isFile()) return 'file';
  if (from.isDirectory()) return 'folder';
  return from.isSymbolicLink() ? 'link' : 'other';
}
