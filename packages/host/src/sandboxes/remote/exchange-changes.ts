import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ContentStore } from './content-store.ts';
import { openEntry, piecesOf } from './describe-entry.ts';
import { openWay } from './hold-way.ts';
import { type Change, ChangeShape, type Entry, MOST_ENTRY_BYTES } from './remote-protocol.ts';
import { allOf, inSameFolder } from './same-folder.ts';
import type { UnlinkedFolder } from './unlinked-folder.ts';

type FileEntry = Extract<Entry, { kind: 'file' }>;

const BATCH = 64 * 1024;
/** Of these several are read or kept at once. */
const SMALL = 64 * 1024;
const AT_ONCE = 16;

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

/** The contents of those that are wanted, one after the other, with exactly the sizes that were said. Paths begin at `top`. */
export async function sendContents(
  changes: readonly Change[],
  wanted: readonly number[],
  writer: ByteWriter,
  top: string,
): Promise<void> {
  const sent = new Set<number>();
  const entries = wanted.map((number) => {
    const entry = changes[number];
    if (entry?.kind !== 'file' || sent.has(number))
      throw new Error('something is wanted that was not offered');
    sent.add(number);
    return entry;
  });
  const way = await openWay(top);
  try {
    for (const some of inSameFolder(entries)) {
      const folder = await way.around(some[0]?.path ?? top);
      const opened = await allOf(some.map((entry) => openFile(entry, folder)));
      for (const [at, entry] of some.entries()) await sendFile(entry, opened[at], writer);
    }
  } finally {
    await way.close();
  }
}

/** What is small is read and closed again at once; of what is large there are as many bytes here as are on their way. */
type Opened = Buffer | FileHandle | undefined;

async function openFile(entry: FileEntry, folder: UnlinkedFolder | undefined): Promise<Opened> {
  const file = folder && (await openEntry(folder, basename(entry.path)));
  if (file === undefined || entry.size > SMALL) return file;
  try {
    return Buffer.concat(await Array.fromAsync(piecesOf(file, entry.size)));
  } finally {
    await file.close();
  }
}

async function sendFile(entry: FileEntry, opened: Opened, writer: ByteWriter): Promise<void> {
  if (opened === undefined) throw new ChangedMeanwhile(entry.path);
  if (Buffer.isBuffer(opened)) {
    if (opened.length < entry.size) throw new ChangedMeanwhile(entry.path);
    return writer.write(opened);
  }
  try {
    let left = entry.size;
    for await (const piece of piecesOf(opened, entry.size)) {
      left -= piece.length;
      await writer.write(piece);
    }
    if (left > 0) throw new ChangedMeanwhile(entry.path);
  } finally {
    await opened.close();
  }
}

/** A file became shorter or went between the look at it and its sending. */
export class ChangedMeanwhile extends Error {
  constructor(path: string) {
    super(`${path} was changed by somebody else while it was carried`);
  }
}

/** Of a whole list: a list of a million files has about half of it. */
export const MOST_LIST_BYTES = 512 * 1024 ** 2;

/** Hears what changed. `check` throws for what must not be. */
export async function hearChanges(
  count: number,
  reader: ByteReader,
  check: (change: Change) => void,
  mostBytes = MOST_LIST_BYTES,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const seen = new Set<string>();
  let length = 0;
  for (let left = count; left > 0; left -= 1) {
    const line = await reader.line(MOST_ENTRY_BYTES);
    length += line.length;
    if (length > mostBytes) throw new Error(`a list of more than ${mostBytes} bytes`);
    const change = ChangeShape.parse(JSON.parse(line));
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
  let keeping: Promise<void>[] = [];
  try {
    for (const number of wanted) {
      const entry = changes[number];
      if (entry?.kind !== 'file') continue;
      const store = storeOf(entry.path);
      if (entry.size > SMALL) await store.put(entry.hash, reader.bytes(entry.size));
      else {
        const kept = store.put(entry.hash, await Array.fromAsync(reader.bytes(entry.size)));
        // It is waited for below; until then nobody hears of it.
        kept.catch(() => {});
        keeping.push(kept);
      }
      if (keeping.length === AT_ONCE) await allOf(keeping.splice(0));
    }
  } finally {
    const rest = keeping;
    keeping = [];
    await allOf(rest);
  }
}
