import { connectThrough } from './connect-through.ts';
import { toFailure } from './failure.ts';

/** First argument of a worker's program that is started as the proxy command of ssh. */
export const CONNECT_MODE = 'connect';

/** Joins standard input and output to a connection that the proxy makes: `connect PROXY HOST:PORT`. */
export async function connectOut([proxy = '', target = '']: readonly string[]): Promise<void> {
  try {
    const socket = await connectThrough(proxy, target);
    socket.on('error', () => socket.destroy());
    // Who has gone does not read any more; the connection then ends too.
    process.stdout.on('error', () => socket.destroy());
    socket.on('close', () => process.stdin.destroy());
    process.stdin.pipe(socket);
    socket.pipe(process.stdout);
  } catch (error) {
    process.stderr.write(`${toFailure(error).message}\n`);
    process.exitCode = 1;
  }
}
