import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { readTlsGreeting } from './tls-name.ts';

/** The first bytes that this Node sends when it wants to speak to a host by TLS. */
function greeting(servername: string | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', (bytes) => {
          socket.destroy();
          server.close();
          resolve(bytes);
        }),
    );
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const name = servername === undefined ? {} : { servername };
      connect({ host: '127.0.0.1', port, ...name }).on('error', () => undefined);
    });
    server.on('error', reject);
  });
}

/** The same greeting as two records, cut in the middle of the name. */
function cut(bytes: Buffer, at: number): Buffer {
  const body = bytes.subarray(5);
  const record = (part: Buffer) =>
    Buffer.concat([bytes.subarray(0, 3), Buffer.from([part.length >> 8, part.length & 255]), part]);
  return Buffer.concat([record(body.subarray(0, at)), record(body.subarray(at))]);
}

test('[WRK-21] the name that TLS asks for is read, also where it is cut into records', async () => {
  const bytes = await greeting('API.example.org');
  expect(readTlsGreeting(bytes)).toEqual({ kind: 'tls', name: 'api.example.org' });
  expect(readTlsGreeting(cut(bytes, bytes.indexOf('example') - 3))).toEqual({
    kind: 'tls',
    name: 'api.example.org',
  });
  expect(readTlsGreeting(Buffer.concat([bytes, Buffer.from('what follows')]))).toMatchObject({
    name: 'api.example.org',
  });
});

test('a greeting without a name is one', async () => {
  expect(readTlsGreeting(await greeting(undefined))).toEqual({ kind: 'tls' });
});

test('[WRK-21] nothing is said before all of it is there', async () => {
  const bytes = await greeting('api.example.org');
  for (let length = 1; length < bytes.length; length += 1) {
    expect(readTlsGreeting(bytes.subarray(0, length))).toEqual({ kind: 'more' });
  }
});

test.each([
  ['ssh', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a request', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['bytes that only begin like TLS', '\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000'],
])('%s is something else', (_, text) => {
  expect(readTlsGreeting(Buffer.from(text, 'latin1'))).toEqual({ kind: 'other' });
});
