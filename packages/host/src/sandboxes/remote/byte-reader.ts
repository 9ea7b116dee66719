import type { Readable } from 'node:stream';

/** Reads lines and known numbers of bytes from one stream, whatever pieces it comes in. */
export interface ByteReader {
  /** Without its end. Throws when there is none, or it is longer. */
  line(mostBytes: number): Promise<string>;
  /** Exactly so many, in pieces. Throws when there are fewer. */
  bytes(count: number): AsyncGenerator<Buffer>;
}

export function createByteReader(stream: Readable): ByteReader {
  const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer> {
    if (rest.length > 0) return rest;
    const next = await pieces.next();
    if (next.done === true) throw new Error('the stream ended early');
    return next.value;
  }

  return {
    async line(mostBytes) {
      const parts: Buffer[] = [];
      let length = 0;
      for (;;) {
        const piece = await more();
        const end = piece.indexOf(0x0a);
        const part = end < 0 ? piece : piece.subarray(0, end);
        rest = end < 0 ? Buffer.alloc(0) : piece.subarray(end + 1);
        parts.push(part);
        length += part.length;
        if (length > mostBytes) throw new Error(`a line of more than ${mostBytes} bytes`);
        if (end >= 0) return (parts.length === 1 ? part : Buffer.concat(parts)).toString('utf8');
      }
    },
    async *bytes(count) {
      let left = count;
      while (left > 0) {
        const piece = await more();
        const taken = piece.subarray(0, left);
        rest = piece.subarray(taken.length);
        left -= taken.length;
        yield taken;
      }
    },
  };
}
