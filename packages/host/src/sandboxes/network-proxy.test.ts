import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { failure, type Outcome } from '@cadre/sdk';
import { afterEach, describe, expect, test } from 'vitest';
import type { NetworkProxy } from '../ports/sandbox.ts';
import { openNetworkProxy } from './network-proxy.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serverOf(handler: (incoming: IncomingMessage) => string): Promise<number> {
  const server: Server = createServer((incoming, response) => response.end(handler(incoming)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function proxyWith(ask: (host: string, port: number) => Outcome<string>): Promise<NetworkProxy> {
  const proxy = await openNetworkProxy({
    address: async (host, port) => ask(host, port),
    agent: async () => refusing(),
  });
  closers.push(() => proxy.close());
  return proxy;
}

const refusing = () => ({ ok: false as const, failure: failure('denied', 'not this host') });

/** What comes back on a raw connection to the proxy. */
function say(proxy: NetworkProxy, text: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.socket);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (until.test(answer)) {
        socket.destroy();
        resolve(answer);
      }
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.write(text);
  });
}

describe('the proxy', () => {
  test('[WRK-21] asks with the name and connects to the address in the answer', async () => {
    const port = await serverOf(() => 'hello');
    const asked: string[] = [];
    const proxy = await proxyWith((host, at) => {
      asked.push(`${host}:${at}`);
      return { ok: true, output: '127.0.0.1' };
    });
    const answer = await say(
      proxy,
      `CONNECT api.example.org:${port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      /hello/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(asked).toEqual([`api.example.org:${port}`]);
  });

  test('[WRK-21] passes plain requests on with the path alone, and without headers meant for it', async () => {
    const port = await serverOf(({ url, headers }) => JSON.stringify({ url, headers }));
    const proxy = await proxyWith(() => ({ ok: true, output: '127.0.0.1' }));
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: proxy.socket,
          path: `http://api.example.org:${port}/a?b=c`,
          headers: { 'proxy-authorization': 'x', 'x-own': 'y' },
        },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(text);
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
    const { url, headers } = JSON.parse(body);
    expect(url).toBe('/a?b=c');
    expect(headers).toMatchObject({ host: `api.example.org:${port}`, 'x-own': 'y' });
    expect(headers).not.toHaveProperty('proxy-authorization');
  });

  test('[WRK-21] refuses what is not allowed, and says why', async () => {
    const proxy = await proxyWith(refusing);
    expect(await say(proxy, 'CONNECT evil.example.org:443 HTTP/1.1\r\n\r\n', /host/)).toMatch(
      / 403 [\s\S]*not this host/,
    );
    expect(await say(proxy, 'GET http://evil.example.org/ HTTP/1.1\r\nhost: a\r\n\r\n', /host\n/)).toMatch(
      / 403 /,
    );
  });

  test.each([
    'CONNECT nonsense HTTP/1.1\r\n\r\n',
    'GET /no-address HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET ftp://a/ HTTP/1.1\r\nhost: a\r\n\r\n',
  ])('answers %j with 400 and asks nobody', async (text) => {
    let asked = 0;
    const proxy = await proxyWith(() => {
      asked += 1;
      return refusing();
    });
    expect(await say(proxy, text, /\n\n|address\n|port\n/)).toMatch(/ 400 |403/);
    expect(asked).toBeLessThanOrEqual(text.includes('nonsense') ? 1 : 0);
  });

  test('a host that does not answer is told as such', async () => {
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const proxy = await proxyWith(() => ({ ok: true, output: '127.0.0.1' }));
    expect(await say(proxy, `CONNECT a.example.org:${port} HTTP/1.1\r\n\r\n`, /reached/)).toMatch(/ 502 /);
  });

  test('closing cuts every connection', async () => {
    const port = await serverOf(() => 'hello');
    const proxy = await proxyWith(() => ({ ok: true, output: '127.0.0.1' }));
    const socket = connect(proxy.socket);
    const cut = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
      socket.write(`CONNECT a.example.org:${port} HTTP/1.1\r\n\r\n`);
    });
    await proxy.close();
    await cut;
    await expect(say(proxy, 'x', /x/)).rejects.toThrow('ENOENT');
  });

  test('[WRK-21] a name in TLS other than that of the connection is asked for, and passes when it is granted', async () => {
    const greetings: string[] = [];
    const server = createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .on('data', (bytes) => {
          greetings.push(bytes.toString('latin1'));
          socket.destroy();
        }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const asked: string[] = [];
    const proxy = await proxyWith((host) => {
      asked.push(host);
      return host.startsWith('evil') ? refusing() : { ok: true, output: '127.0.0.1' };
    });
    const speak = (servername: string) =>
      new Promise<void>((resolve) => {
        const socket = connect(proxy.socket);
        socket.once('data', () => connectTls({ socket, servername }).on('error', () => undefined));
        socket.on('error', () => undefined).on('close', () => resolve());
        socket.write(`CONNECT api.example.org:${port} HTTP/1.1\r\n\r\n`);
      });
    await speak('evil.example.org');
    expect(greetings).toEqual([]);
    await speak('other.example.org');
    await speak('api.example.org');
    expect(asked).toEqual([
      'api.example.org',
      'evil.example.org',
      'api.example.org',
      'other.example.org',
      'api.example.org',
    ]);
    expect(greetings.map((text) => /[a-z]+\.example\.org/.exec(text)?.[0])).toEqual([
      'other.example.org',
      'api.example.org',
    ]);
  });
});
