import type { IncomingMessage } from 'node:http';
import { CadreError } from '@cadre/core';

/** The bytes as they came. Throws `too_large` as soon as there are more, whatever the length was said to be. */
export async function readBody(incoming: IncomingMessage, largest: number): Promise<Uint8Array> {
  const refuse = () => new CadreError('too_large', `a request has at most ${largest} bytes`);
  if (Number(incoming.headers['content-length'] ?? 0) > largest) throw refuse();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) throw refuse();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
