import type { FileHandle } from 'node:fs/promises';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ContentStore } from './content-store.ts';
import { piecesOf } from './describe-entry.ts';
import { type Change, ChangeShape, type Entry, MOST_ENTRY_BYTES } from './remote-protocol.ts';

type FileEntry = Extract<Entry, { kind: 'file' }>;

const BATCH = 64 * 1024;

/** Says what changed, one line each. */
export async function sayChanges(changes: readonly Change[], writer: ByteWriter): Promise<void> {
  let batch = '';
  for (const change of changes) {
    batch += `${JSON.stringify(change)}\n`;
    if (batch.length < BATCH) continue;
    await writer.write(batch);
    batch = '';
  }
  if (batch !== '') await writer.write(batch);
}

/** The contents of those that are wanted, one after the other, with exactly the sizes that were said. */
export async function sendContents(
  changes: readonly Change[],
  wanted: readonly number[],
  writer: ByteWriter,
  openFile: (entry: FileEntry) => Promise<FileHandle | undefined>,
): Promise<void> {
  const sent = new Set<number>();
  for (const number of wanted) {
    const entry = changes[number];
    if (entry?.kind !== 'file' || sent.has(number))
      throw new Error('something is wanted that was not offered');
    sent.add(number);
    const file = await openFile(entry);
    if (file === undefined) throw new ChangedMeanwhile(entry.path);
    try {
      let left = entry.size;
      for await (const piece of piecesOf(file, entry.size)) {
        left -= piece.length;
        await writer.write(piece);
      }
      if (left > 0) throw new ChangedMeanwhile(entry.path);
    } finally {
      await file.close();
    }
  }
}

/** A file became shorter or went between the look at it and its sending. */
export class ChangedMeanwhile extends Error {
  constructor(path: string) {
    super(`${path} was changed by somebody else while it was carried`);
  }
}

/** Hears what changed. `check` throws for what must not be. */
export async function hearChanges(
  count: number,
  reader: ByteReader,
  check: (change: Change) => void,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const seen = new Set<string>();
  for (let left = count; left > 0; left -= 1) {
    const change = ChangeShape.parse(JSON.parse(await reader.line(MOST_ENTRY_BYTES)));
    if (seen.has(change.path)) throw new Error('one path was said twice');
    seen.add(change.path);
    check(change);
    changes.push(change);
  }
  return changes;
}

/** Those whose content nobody here has, each content once. */
export function wantedOf(changes: readonly Change[], has: (hash: string) => boolean): readonly number[] {
  const asked = new Set<string>();
  return changes.flatMap((change, number) => {
    if (change.kind !== 'file' || asked.has(change.hash) || has(change.hash)) return [];
    asked.add(change.hash);
    return [number];
  });
}

/** Takes the contents that were wanted; `storeOf` says where each is kept. */
export async function receiveContents(
  changes: readonly Change[],
  wanted: readonly number[],
  reader: ByteReader,
  storeOf: (path: string) => ContentStore,
): Promise<void> {
  for (const number of wanted) {
    const entry = changes[number];
    if (entry?.kind === 'file') await storeOf(entry.path).put(entry.hash, reader.bytes(entry.size));
  }
}
