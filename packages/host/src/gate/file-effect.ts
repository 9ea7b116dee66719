import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effect } from '@cadre/sdk';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { openUnlinked } from './open-unlinked.ts';

/** Beyond this a diff helps nobody. */
const MOST_BYTES = 1024 * 1024;
/** Files without a line in common take quadratic time. */
const DIFF_MS = 2_000;
/** As git does: text has no NUL in its first bytes. */
const SNIFFED = 8_000;

interface Content {
  readonly bytes: number;
  /** Absent for what is too large to be compared by content here. */
  readonly data?: Buffer;
}

/** What happened to a file between two trees; undefined when it is the same in both. */
export async function fileEffect(before: string, after: string, path: string): Promise<Effect | undefined> {
  const [old, now] = await Promise.all([contentOf(before, path), contentOf(after, path)]);
  if (old === undefined && now === undefined) return undefined;
  if (old === undefined)
    return { kind: 'file', change: 'created', path, ...sizeAndDiff(path, undefined, now) };
  if (now === undefined)
    return { kind: 'file', change: 'deleted', path, ...sizeAndDiff(path, old, undefined) };
  const isSame = old.data !== undefined && now.data !== undefined && old.data.equals(now.data);
  return isSame ? undefined : { kind: 'file', change: 'modified', path, ...sizeAndDiff(path, old, now) };
}

async function contentOf(root: string, name: string): Promise<Content | undefined> {
  const path = join(root, name);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return undefined;
  if (found.isSymbolicLink()) {
    const data = Buffer.from(`link to ${await readlink(path)}\n`);
    return { bytes: data.length, data };
  }
  // Both sides of a file of this size changed at the same moment in the same way is not worth reading gigabytes for.
  if (!found.isFile() || found.size > 64 * MOST_BYTES) return { bytes: found.size };
  const file = await openUnlinked(root, name);
  if (file === undefined) return { bytes: found.size };
  try {
    return { bytes: found.size, data: await file.readFile() };
  } finally {
    await file.close();
  }
}

function sizeAndDiff(path: string, old: Content | undefined, now: Content | undefined) {
  const bytes = { bytes: (now ?? old)?.bytes ?? 0 };
  const isShown = [old, now].every((side) => side === undefined || isText(side));
  const diff = isShown
    ? unifiedDiff(path, old?.data?.toString('utf8'), now?.data?.toString('utf8'))
    : undefined;
  return diff === undefined ? bytes : { ...bytes, diff };
}

function isText({ data }: Content): boolean {
  return data !== undefined && data.length <= MOST_BYTES && !data.subarray(0, SNIFFED).includes(0);
}

function unifiedDiff(path: string, old: string | undefined, now: string | undefined): string | undefined {
  return createTwoFilesPatch(
    old === undefined ? '/dev/null' : `a/${path}`,
    now === undefined ? '/dev/null' : `b/${path}`,
    old ?? '',
    now ?? '',
    undefined,
    undefined,
    { headerOptions: FILE_HEADERS_ONLY, timeout: DIFF_MS },
  );
}
