import { connect, type Socket } from 'node:net';
import { ActionError } from './failure.ts';

/** More than any answer of the proxy has before the connection begins. */
const MOST_BYTES = 64 * 1024;

/** A connection made by an HTTP proxy (RFC 9110, 9.3.6). Throws ActionError `denied` with the proxy's own words. */
export function connectThrough(proxy: string, target: string): Promise<Socket> {
  const { hostname, port } = new URL(proxy);
  const socket = connect(Number(port), hostname);
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const fail = (reason: string) => {
      socket.destroy();
      reject(new ActionError('denied', reason));
    };
    const read = (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length > MOST_BYTES) return fail(`the proxy says too much about ${target}`);
      const end = got.indexOf('\r\n\r\n');
      // A refusal is read to its end, since the reason stands there.
      if (end < 0 || !/^HTTP\/1\.\d 200 /.test(got.toString('latin1'))) return;
      socket.off('data', read).off('end', ended).pause();
      if (got.length > end + 4) socket.unshift(got.subarray(end + 4));
      resolve(socket);
    };
    const ended = () => {
      const [, reason = ''] = got.toString().split('\r\n\r\n');
      fail(reason.trim() || `the proxy closed the connection to ${target}`);
    };
    socket.on('data', read).once('end', ended);
    socket.once('error', (error) => fail(`the proxy cannot be reached: ${error.message}`));
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  });
}
