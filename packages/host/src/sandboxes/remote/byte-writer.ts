import type { Writable } from 'node:stream';

/** Writes as fast as the other side reads. Throws when there is nobody any more. */
export interface ByteWriter {
  write(bytes: Uint8Array | string): Promise<void>;
  line(value: unknown): Promise<void>;
}

export function createByteWriter(stream: Writable): ByteWriter {
  const write = async (bytes: Uint8Array | string) => {
    if (stream.destroyed || !stream.writable) throw new Error('the stream ended early');
    if (stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off('drain', go);
        stream.off('close', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('close', go);
    });
  };
  return { write, line: (value) => write(`${JSON.stringify(value)}\n`) };
}
