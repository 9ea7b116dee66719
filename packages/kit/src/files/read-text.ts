import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { KitError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import { systemCode, systemFault } from './system-fault.ts';

const DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024;

export interface ReadOptions {
  /** Bytes; more is refused with `too_large`. Default 64 MiB. */
  readonly limit?: number;
}

/** A whole file. Throws `not_found` with the nearest name, `not_readable`, `too_large`. */
export async function readBytes(path: string, options: ReadOptions = {}): Promise<Buffer> {
  const file = await openForReading(path);
  try {
    return await readAtMost(file, path, options.limit ?? DEFAULT_LIMIT_BYTES);
  } finally {
    await file.close();
  }
}

/** A whole UTF-8 file. Throws what `readBytes` throws, and `invalid_text` with `details.offset` in bytes. */
export async function readText(path: string, options: ReadOptions = {}): Promise<string> {
  return decodeText(await readBytes(path, options), path);
}

/** UTF-8 to text; a byte order mark is kept. `name` is what the message calls the bytes. */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const offset = firstInvalidByte(bytes);
    throw new KitError(
      'invalid_text',
      `${name} is not UTF-8 text: the bytes from offset ${offset} on are invalid`,
      {
        hint: 'convert the file to UTF-8',
        details: { offset },
      },
    );
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw systemFault(error, `cannot read ${path}`, 'not_readable');
    throw new KitError('not_found', `cannot read ${path}: it does not exist`, {
      hint: didYouMean(basename(path), await namesBeside(path)),
      cause: error,
    });
  }
}

/** Names for a suggestion only, so a folder that cannot be read has none. */
async function namesBeside(path: string): Promise<readonly string[]> {
  return readdir(dirname(path)).catch(() => []);
}

async function readAtMost(file: FileHandle, path: string, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const { size: expected } = await file.stat();
    if (expected > limit) throw tooLarge(path, expected, limit);
    // The size may be a lie: /proc files say 0, and a log grows while it is read.
    for (;;) {
      const room = Buffer.allocUnsafe(Math.max(expected - size, 0) + 1);
      const { bytesRead } = await file.read(room);
      if (bytesRead === 0) return Buffer.concat(chunks, size);
      chunks.push(room.subarray(0, bytesRead));
      size += bytesRead;
      if (size > limit) throw tooLarge(path, size, limit);
    }
  } catch (error) {
    throw systemFault(error, `cannot read ${path}`, 'not_readable');
  }
}

function tooLarge(path: string, size: number, limit: number): KitError {
  return new KitError(
    'too_large',
    `${path} has ${size} bytes or more; at most ${limit} are read into memory`,
    {
      hint: 'read it as a stream: createReadStream, or hashFile for its hash',
      details: { size, limit },
    },
  );
}

/** Whether a prefix holds something invalid is monotone, so that halving finds the first such prefix. */
function firstInvalidByte(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValidStart(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  return startOfSequence(bytes, valid);
}

/** True also when the last character is merely cut off. */
function isValidStart(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Up to three bytes before the one that proves it wrong may belong to the invalid sequence. */
function startOfSequence(bytes: Uint8Array, offset: number): number {
  for (let start = Math.max(0, offset - 3); start < offset; start++) {
    const lead = bytes[start] ?? 0;
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    if (start + length > offset && length > 1) return start;
  }
  return offset;
}
