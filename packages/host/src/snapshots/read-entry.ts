import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, unkeptDigest } from './entry.ts';
import { type Seen, signatureOf } from './walk-workspace.ts';

/** Systems note times in steps of up to 10 ms: what changed that recently can change again without a new time. */
const COARSE_MS = 50;

export interface ReadEntry extends Entry {
  readonly signature: string;
  /** Absent for folders and for what is not kept. */
  readonly content?: Buffer;
}

/** What stands at a path that was seen. `at` is the moment of the look; what has more bytes than `most` is not read. */
export function readEntry(root: string, seen: Seen, at: number, most: number): ReadEntry {
  const { kind, mode, size, mtimeMs } = seen;
  const settled = seen.changed < at - COARSE_MS ? seen.signature : '';
  if (kind === 'folder') return { kind, mode, digest: '', signature: seen.signature };
  const unkept = { kind, mode, digest: unkeptDigest(size, mtimeMs), signature: settled };
  if (size > most) return unkept;
  try {
    if (kind === 'link') return keptEntry(seen, readlinkSync(join(root, seen.path), 'buffer'), settled);
    const { content, still } = readFile(root, seen);
    return keptEntry(seen, content, still ? settled : '');
  } catch {
    // What we may not read a worker may not read either, but it may replace it.
    return unkept;
  }
}

function keptEntry({ kind, mode }: Seen, content: Buffer, signature: string): ReadEntry {
  return { kind, mode, digest: digestOf(content), signature, content };
}

/** `still`: it is as it was seen, from before the reading until after it. */
function readFile(root: string, seen: Seen): { content: Buffer; still: boolean } {
  const handle = openSync(
    join(root, seen.path),
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  try {
    const before = signatureOf(fstatSync(handle));
    const content = readFileSync(handle);
    const after = signatureOf(fstatSync(handle));
    return { content, still: before === seen.signature && after === seen.signature };
  } finally {
    closeSync(handle);
  }
}

export function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
