import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { tempDir } from '@cadre/kit/files';

/**
 * A socket whose other end is these two streams. HTTP/2 of Node can be laid over any stream, but only of a socket does it take
 * every way of ending without a failed assertion, which would end this process.
 */
export async function channelSocket(readable: Readable, writable: Writable): Promise<Socket> {
  const [inner, outer] = await socketPair();
  let isCut = false;
  const cut = () => {
    // Standard output says that it is closed each time that it is told to close.
    if (isCut) return;
    isCut = true;
    outer.destroy();
    writable.destroy();
  };
  for (const stream of [readable, writable, outer]) stream.on('error', cut).on('close', cut);
  readable.pipe(outer).pipe(writable);
  return inner;
}

/** Both ends are of this process; nobody else finds the folder in which they meet. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  await using folder = await tempDir('cadre-channel');
  const path = join(folder.path, 'socket');
  const server = createServer();
  server.maxConnections = 1;
  try {
    const outer = new Promise<Socket>((resolve, reject) => {
      server.once('connection', resolve).once('error', reject);
    });
    outer.catch(() => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    const inner = connect(path);
    await new Promise<void>((resolve, reject) => {
      inner.once('error', reject).once('connect', resolve);
    });
    return [inner, await outer];
  } finally {
    server.close();
  }
}
