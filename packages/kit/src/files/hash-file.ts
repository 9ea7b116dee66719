import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { systemFault } from './system-fault.ts';

/** Hash of a file's bytes in hex, read as a stream: any size in constant memory. Throws `not_found`, `not_readable`. */
export async function hashFile(
  path: string,
  options: { readonly algorithm?: string; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash(options.algorithm ?? 'sha256');
  try {
    await pipeline(createReadStream(path), hash, { signal: options.signal });
  } catch (error) {
    throw systemFault(error, `cannot read ${path}`, 'not_readable');
  }
  return hash.digest('hex');
}

/** What `ifVersion` of a write compares: the SHA-256 of the bytes, hex. */
export function contentVersion(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
