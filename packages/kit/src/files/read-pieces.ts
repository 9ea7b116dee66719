import { open } from 'node:fs/promises';
import { systemFault } from './system-fault.ts';

/**
 * The bytes of a file in pieces, in the memory of so many pieces in all, whatever its size: a buffer is used again after `held`
 * further ones, since garbage of a gigabyte would be collected late. Throws `not_found`, `not_readable`.
 */
export async function* readPieces(
  path: string,
  { bytes, held = 2 }: { readonly bytes: number; readonly held?: number },
): AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: held }, () => Buffer.allocUnsafeSlow(bytes));
  const file = await open(path, 'r').catch((error: unknown) => {
    throw systemFault(error, `cannot read ${path}`, 'not_readable');
  });
  try {
    for (let turn = 0; ; turn = (turn + 1) % held) {
      const buffer = buffers[turn] as Buffer;
      const { bytesRead } = await file.read(buffer, 0, bytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
