import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { systemCode } from '@cadre/kit/files';
import type { Entry } from './remote-protocol.ts';
import type { StampMemory } from './stamp-memory.ts';
import type { UnlinkedFolder } from './unlinked-folder.ts';

/** What cannot be carried, in words; `nothing` where there is nothing. */
export type Uncarried = 'nothing' | 'a device, a pipe or a socket' | 'not readable';

/** Who may not write into a folder of their own could not be given files in it: that is not carried. */
const OWNERS = 0o700;

const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** What lies at a name of a folder, as it is now; no link is followed. */
export async function describeEntry(
  folder: UnlinkedFolder,
  name: string,
  path: string,
  memory: StampMemory,
): Promise<Entry | Uncarried> {
  try {
    const seen = await lstat(folder.at(name), { bigint: true });
    if (seen.isDirectory()) return { kind: 'folder', path, mode: modeOf(seen) | OWNERS };
    if (seen.isSymbolicLink()) return { kind: 'link', path, to: await readlink(folder.at(name)) };
    if (!seen.isFile()) return 'a device, a pipe or a socket';
    // Of what did not change one look is enough: that is nearly all of a tree, before and after each call.
    const hash = memory.find(path, seen);
    if (hash !== undefined) return { kind: 'file', path, mode: modeOf(seen), size: Number(seen.size), hash };
    const file = await open(folder.at(name), READ);
    return await describeFile(file, path, memory).finally(() => file.close());
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (GONE.has(code)) return 'nothing';
    if (code === 'EACCES' || code === 'EPERM') return 'not readable';
    throw error;
  }
}

async function describeFile(file: FileHandle, path: string, memory: StampMemory): Promise<Entry | Uncarried> {
  const readAt = BigInt(Date.now()) * 1_000_000n;
  const stats = await file.stat({ bigint: true });
  if (!stats.isFile()) return 'a device, a pipe or a socket';
  const { size, hash } = await hashOf(file, Number(stats.size));
  if (BigInt(size) === stats.size) memory.keep(path, stats, hash, readAt);
  return { kind: 'file', path, mode: modeOf(stats), size, hash };
}

function modeOf({ mode }: BigIntStats): number {
  return Number(mode & 0o777n);
}

/** Of as much as there was when it was looked at: what grows meanwhile would never end. */
async function hashOf(file: FileHandle, most: number): Promise<{ size: number; hash: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of piecesOf(file, most)) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, hash: hash.digest('hex') };
}

const PIECE = 64 * 1024;

/** The first `count` bytes of a file, or as many as there are. */
export async function* piecesOf(file: FileHandle, count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE, count - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Opens a file of a folder for reading; undefined when it is none any more. */
export async function openEntry(folder: UnlinkedFolder, name: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(folder.at(name), READ);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (GONE.has(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
