import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Outcome } from '@cadre/sdk';
import type { NetworkProxy } from '../ports/sandbox.ts';

const IDLE_MS = 120_000;
const CONNECT_MS = 30_000;

/** What concerns one hop only and is not passed on (RFC 9110, 7.6.1). */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
]);

/**
 * An HTTP proxy on a Unix socket, the only way out of a box.
 * Invariants:
 * 1. No connection is made that `ask` has not answered with an address, and it is made to that very address.
 * 2. After `close` nothing listens, every connection is cut and the socket is gone.
 */
export async function openNetworkProxy(
  ask: (host: string, port: number) => Promise<Outcome<string>>,
): Promise<NetworkProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-proxy-'));
  const socket = join(folder, 'proxy.sock');
  const open = new Set<Duplex>();
  // Loaded when needed: naming it above costs every command some 30 ms.
  const { createServer } = await import('node:http');
  const server = createServer((incoming, response) => void forward(incoming, response, ask));
  server.on('connection', (connection) => track(connection, open));
  server.on('connect', (incoming: IncomingMessage, client: Duplex, first: Buffer) => {
    void tunnel(incoming.url ?? '', client, first, ask, open);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  // The confined program may run as another person; the folder's random name is what keeps others away.
  await chmod(folder, 0o711);
  await chmod(socket, 0o666);
  server.unref();
  return {
    socket,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of open) connection.destroy();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function tunnel(
  target: string,
  client: Duplex,
  first: Buffer,
  ask: (host: string, port: number) => Promise<Outcome<string>>,
  open: Set<Duplex>,
): Promise<void> {
  client.on('error', () => client.destroy());
  const place = placeOf(`http://${target}`);
  if (place === undefined) return refuse(client, 400, 'write CONNECT host:port');
  const answer = await ask(place.host, place.port);
  if (!answer.ok) return refuse(client, 403, answer.failure.message);
  if (client.destroyed) return;
  const remote = connect({ host: answer.output, port: place.port, timeout: CONNECT_MS });
  track(remote, open);
  let isConnected = false;
  remote.once('connect', () => {
    isConnected = true;
    remote.setTimeout(IDLE_MS);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    remote.write(first);
    remote.pipe(client);
    client.pipe(remote);
  });
  remote.on('timeout', () => remote.destroy());
  remote.on('close', () =>
    isConnected ? client.destroy() : refuse(client, 502, `${target} cannot be reached`),
  );
  client.on('close', () => remote.destroy());
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  ask: (host: string, port: number) => Promise<Outcome<string>>,
): Promise<void> {
  const answerWith = (status: number, text: string) => {
    incoming.resume();
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
  };
  const place = placeOf(incoming.url ?? '');
  if (place === undefined) return answerWith(400, 'this is a proxy: write the whole address');
  const answer = await ask(place.host, place.port);
  if (!answer.ok) return answerWith(403, answer.failure.message);
  const headers = Object.entries(incoming.headers).filter(([name]) => !HOP_HEADERS.has(name));
  const { request } = await import('node:http');
  const outgoing = request({
    host: answer.output,
    port: place.port,
    method: incoming.method,
    path: place.path,
    headers: { ...Object.fromEntries(headers), host: place.authority },
    setHost: false,
    timeout: IDLE_MS,
  });
  outgoing.on('response', (received) => {
    response.writeHead(received.statusCode ?? 502, received.headers);
    received.pipe(response);
  });
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () =>
    response.headersSent ? response.destroy() : answerWith(502, `${place.authority} cannot be reached`),
  );
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function placeOf(address: string) {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'http:' || url.hostname === '') return undefined;
  const port = url.port === '' ? 80 : Number(url.port);
  return { host: url.hostname, port, authority: url.host, path: `${url.pathname}${url.search}` };
}

function refuse(client: Duplex, status: number, reason: string): void {
  client.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${reason}\n`,
  );
}

function track(connection: Duplex | Socket, open: Set<Duplex>): void {
  open.add(connection);
  connection.on('close', () => open.delete(connection));
  connection.on('error', () => connection.destroy());
}
