import { performance } from 'node:perf_hooks';
import { readPieces } from '@cadre/kit/files';
import { CHUNK } from '@cadre/sdk';
import type { NewFile } from '../ports/artifacts.ts';
import type { Database } from './database.ts';
import { putPiece, READ_CHUNK, READ_PIECE } from './sql/artifacts.ts';

/** Bytes of one row: 256 KiB as base64. A whole number of chunks, so that none is a small one. */
const PIECE = 3 * CHUNK;

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
  const [sql, column, encoding] =
    value === undefined
      ? ([READ_PIECE, 'bytes', 'base64'] as const)
      : ([READ_CHUNK, 'chunk', 'utf8'] as const);
  for (let number = 0; ; number += 1) {
    const [row] = await database.read(sql, [digest, number]);
    if (row === undefined) return;
    const bytes = Buffer.from(String(row[column]), encoding);
    for (let start = 0; start < bytes.length; start += CHUNK) yield bytes.subarray(start, start + CHUNK);
  }
}
