import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Larger files are looked at by size and name only. */
export const LARGEST_BYTES = 64 * 1024 * 1024;

/** A staged file as it is now: what the index holds, and after that what hooks made of it. */
export interface StagedFile {
  readonly mode: string;
  /** Of a link: where it leads. Undefined for a submodule and for what is too large to be read. */
  readonly content: Buffer | undefined;
}

export function isSameFile(a: StagedFile | undefined, b: StagedFile | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.mode !== b.mode) return false;
  if (a.content === undefined || b.content === undefined) return a.content === b.content;
  return a.content.equals(b.content);
}

/** What stands at a path; undefined for nothing, for a folder, and for what cannot be read. */
export function entryAt(path: string): StagedFile | undefined {
  const stats = statsOf(path);
  if (stats === undefined || stats.isDirectory()) return undefined;
  const mode = stats.isSymbolicLink() ? '120000' : (stats.mode & 0o100n) === 0n ? '100644' : '100755';
  return { mode, content: contentAt(path, mode) };
}

export function contentAt(path: string, mode: string): Buffer | undefined {
  try {
    return mode === '120000' ? readlinkSync(path, { encoding: 'buffer' }) : readRegular(path);
  } catch {
    // Missing, a folder, or not readable: the index decides what is staged, not the work tree.
    return undefined;
  }
}

/** A link is not followed: what it leads to is another file. */
function readRegular(path: string): Buffer | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return fstatSync(file).size > LARGEST_BYTES ? undefined : readFileSync(file);
  } finally {
    closeSync(file);
  }
}

export function statsOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Makes a path what the file says; undefined: nothing stands there. */
export async function writeEntry(path: string, file: StagedFile | undefined): Promise<void> {
  await rm(path, { force: true });
  if (file?.content === undefined) return;
  await mkdir(dirname(path), { recursive: true });
  if (file.mode === '120000') return symlink(file.content, path);
  await writeFile(path, file.content);
  await chmod(path, file.mode === '100755' ? 0o755 : 0o644);
}
