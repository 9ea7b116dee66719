import { isAscii } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedEntry } from '../../tree/list-files.ts';
import { type Source, sourceOf } from './source.ts';

/** Larger texts are data or generated; a minute over a megabyte of them found nothing that smaller ones do not. */
export const MAX_SOURCE_BYTES = 1024 * 1024;

/** As git does: a zero byte among the first 8,000 makes a file binary. */
const BINARY_PROBE_BYTES = 8_000;

export type Unread = 'binary' | 'too_large' | 'unreadable';

/** A file as text, or why it is not looked at. Bytes that are not UTF-8 become replacement characters. */
export async function readSource(workspace: string, entry: ListedEntry): Promise<Source | Unread> {
  if (entry.bytes > MAX_SOURCE_BYTES) return 'too_large';
  const bytes = await readFile(join(workspace, entry.path)).catch(() => undefined);
  if (bytes === undefined) return 'unreadable';
  // It may have grown since it was listed.
  if (bytes.length > MAX_SOURCE_BYTES) return 'too_large';
  const text = decode(bytes);
  return text === undefined ? 'binary' : sourceOf(entry.path, text);
}

function decode(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return undefined;
  // One byte a character makes every search faster.
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
