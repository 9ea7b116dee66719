import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CadreError, plainText } from '@cadre/core';

const MOST_BYTES = 256 * 2 ** 20;
const LIMIT_MS = 300_000;

/** Answers the file. What it is, is found out when it is unpacked: here it only has to end. */
export async function download(address: string, file: string, interrupted: AbortSignal): Promise<string> {
  const url = new URL(address);
  // What is signed may come over any line; what is not might be anything by then.
  if (url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw refuse(address, 'its address is not https', 'use an https address');
  try {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(LIMIT_MS)]);
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null)
      throw refuse(address, `the server answered ${response.status}`, 'look whether the address is right');
    await pipeline(
      Readable.fromWeb(response.body as never),
      atMost(MOST_BYTES, address),
      createWriteStream(file, { mode: 0o600 }),
    );
    return file;
  } catch (error) {
    if (error instanceof CadreError) throw error;
    throw refuse(
      address,
      'it cannot be reached',
      'without a network, take the package along as a file',
      error,
    );
  }
}

function atMost(most: number, address: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > most)
        done(refuse(address, `it has more than ${most} bytes`, 'that is no package of a worker'));
      else done(null, chunk);
    },
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

/** Passwords in an address are nobody's business. */
function refuse(address: string, reason: string, hint: string, cause?: unknown): CadreError {
  const { host, pathname } = new URL(address);
  return new CadreError(
    'not_found',
    `the package at ${plainText(`${host}${pathname}`)} was not fetched: ${reason}`,
    { hint, cause },
  );
}
