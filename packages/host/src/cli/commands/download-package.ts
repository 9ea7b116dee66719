import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CadreError, isThisMachine, plainText } from '@cadre/core';
import { MOST_PACKAGE_BYTES } from '../../ports/packages.ts';

const LIMIT_MS = 300_000;

/** Answers the file. What it is, is found out when it is unpacked: here it only has to end. */
export async function download(address: string, file: string, interrupted: AbortSignal): Promise<string> {
  const url = new URL(address);
  refuseOpenLine(address, url);
  try {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(LIMIT_MS)]);
    const response = await fetch(url, { signal });
    refuseOpenLine(address, new URL(response.url));
    if (!response.ok || response.body === null)
      throw refuse(address, `the server answered ${response.status}`, 'look whether the address is right');
    await pipeline(
      Readable.fromWeb(response.body as never),
      atMost(MOST_PACKAGE_BYTES, address),
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
      if (bytes > most) done(refuse(address, `it has more than ${most} bytes`, 'that is no package'));
      else done(null, chunk);
    },
  });
}

/** What is signed may come over any line; what is not might be anything by then. Where it is led to counts as well. */
function refuseOpenLine(address: string, url: URL): void {
  if (url.protocol === 'https:' || isThisMachine(url.hostname)) return;
  throw refuse(address, 'its address is not https', 'use an https address');
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
