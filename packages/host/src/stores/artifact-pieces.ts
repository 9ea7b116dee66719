import { performance } from 'node:perf_hooks';
import { readPieces } from '@cadre/kit/files';
import { CHUNK, CREDIT } from '@cadre/sdk';
import type { NewFile } from '../ports/artifacts.ts';
import type { Database } from './database.ts';
import { putPiece, READ_CHUNK, READ_PIECE } from './sql/artifacts.ts';

/**
 * Bytes of one row: a MiB as base64. Texts of that size are collected at once; of many small ones the engine first lets its
 * memory grow by some hundred MiB (measured).
 */
const PIECE = 12 * CHUNK;

/** What whoever sends them on may hold at once, and one that is being filled. */
const HELD = Math.ceil(CREDIT / PIECE) + 2;

/** Puts the bytes of a file into rows, each in a transaction of its own; answers how many rows they are. */
export async function putPieces(
  database: Database,
  { digest, path }: Pick<NewFile, 'digest' | 'path'>,
  at: number,
): Promise<number> {
  const began = performance.now();
  let number = 0;
  for await (const piece of readPieces(path, { bytes: PIECE, held: 1 })) {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
    const now = Math.round(at + performance.now() - began);
    await database.write(() => putPiece(digest, number, text, now));
    number += 1;
  }
  return number;
}

/** What stands in rows, of a value or of bytes; nothing, when there are none. */
export async function* readRows(database: Database, digest: string): AsyncGenerator<Uint8Array> {
  const [value] = await database.read(READ_CHUNK, [digest, 0]);
  if (value === undefined) yield* readBytes(database, digest);
  else yield* readText(database, digest);
}

/** Into the same few buffers again and again, as `readPieces` does. */
async function* readBytes(database: Database, digest: string): AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: HELD }, () => Buffer.allocUnsafeSlow(PIECE));
  for (let number = 0; ; number += 1) {
    const [row] = await database.read(READ_PIECE, [digest, number]);
    if (row === undefined) return;
    const buffer = buffers[number % HELD] as Buffer;
    const length = buffer.write(String(row['bytes']), 'base64');
    for (let start = 0; start < length; start += CHUNK) {
      yield buffer.subarray(start, Math.min(start + CHUNK, length));
    }
  }
}

async function* readText(database: Database, digest: string): AsyncGenerator<Uint8Array> {
  for (let number = 0; ; number += 1) {
    const [row] = await database.read(READ_CHUNK, [digest, number]);
    if (row === undefined) return;
    const bytes = Buffer.from(String(row['chunk']));
    for (let start = 0; start < bytes.length; start += CHUNK) yield bytes.subarray(start, start + CHUNK);
  }
}
