import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { AGENT_TARGET, type Failure } from '@cadre/sdk';
import type { NetworkProxy, ProxyQuestions } from '../ports/sandbox.ts';
import { pipeAgent } from './pipe-agent.ts';
import { readTlsGreeting, type TlsGreeting } from './tls-name.ts';

const IDLE_MS = 120_000;
const CONNECT_MS = 30_000;
const MOST_CONNECTIONS = 256;
/** RFC 9112, 3.2.3. What else an address may hold would be read as something that nobody meant. */
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s/\\:@?#[\]]+):\d{1,5}$/i;
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

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
 * 2. A name that TLS asks for on such a connection is asked for as well, before a byte of it has left.
 * 3. Nothing but requests to list keys and to sign a login reaches the ssh agent.
 * 4. After `close` nothing listens, every connection is cut and the socket is gone.
 */
export async function openNetworkProxy(ask: ProxyQuestions): Promise<NetworkProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-proxy-'));
  const socket = join(folder, 'proxy.sock');
  const open = new Set<Duplex>();
  // Loaded when needed: naming it above costs every command some 30 ms.
  const { createServer } = await import('node:http');
  const server = createServer((incoming, response) => void forward(incoming, response, ask));
  // Each takes two descriptors of this process, which has only so many.
  server.maxConnections = MOST_CONNECTIONS;
  server.on('drop', () => ask.refused?.('one connection more', `${MOST_CONNECTIONS} connections at once`));
  server.on('connection', (connection) => track(connection, open));
  server.on('connect', (incoming: IncomingMessage, client: Duplex, first: Buffer) => {
    const target = incoming.url ?? '';
    void (target === AGENT_TARGET
      ? agentTunnel(client, first, ask, open)
      : tunnel(target, client, first, ask, open));
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
  ask: ProxyQuestions,
  open: Set<Duplex>,
): Promise<void> {
  client.on('error', () => client.destroy());
  const place = HOST_AND_PORT.test(target) ? placeOf(`http://${target}`) : undefined;
  if (place === undefined) {
    ask.refused?.(`CONNECT ${JSON.stringify(target.slice(0, 200))}`, 'it is no host and port');
    return refuse(client, 400, 'write CONNECT host:port');
  }
  const answer = await ask.address(place.host, place.port);
  if (!answer.ok) return refuse(client, 403, inWords(answer.failure));
  if (client.destroyed) return;
  const remote = connect({ host: answer.output, port: place.port, timeout: CONNECT_MS });
  track(remote, open);
  let isConnected = false;
  remote.once('connect', () => {
    isConnected = true;
    remote.setTimeout(IDLE_MS);
    client.write(ESTABLISHED);
    // Of some protocols the server speaks first.
    remote.pipe(client);
    void sendOn(place, client, first, remote, ask);
  });
  remote.on('timeout', () => remote.destroy());
  remote.on('close', () =>
    isConnected ? client.destroy() : refuse(client, 502, `${target} cannot be reached`),
  );
  client.on('close', () => remote.destroy());
}

/** Invariant 2. */
async function sendOn(
  place: { readonly host: string; readonly port: number },
  client: Duplex,
  first: Buffer,
  remote: Socket,
  ask: ProxyQuestions,
): Promise<void> {
  const { bytes, greeting } = await greetingOf(client, first);
  if (greeting.kind === 'tls' && greeting.name !== undefined && greeting.name !== place.host) {
    const answer = await ask.address(greeting.name, place.port);
    if (!answer.ok) {
      client.destroy();
      remote.destroy();
      return;
    }
  }
  if (client.destroyed || remote.destroyed) return;
  remote.write(bytes);
  client.pipe(remote);
}

function greetingOf(client: Duplex, first: Buffer): Promise<{ bytes: Buffer; greeting: TlsGreeting }> {
  return new Promise((resolve) => {
    let bytes = first;
    const look = () => {
      const greeting = readTlsGreeting(bytes);
      if (greeting.kind === 'more') return;
      client.pause();
      client.off('data', more);
      client.off('end', end);
      resolve({ bytes, greeting });
    };
    const more = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      look();
    };
    const end = () => resolve({ bytes, greeting: { kind: 'other' } });
    client.on('data', more);
    client.on('end', end);
    look();
  });
}

async function agentTunnel(
  client: Duplex,
  first: Buffer,
  ask: ProxyQuestions,
  open: Set<Duplex>,
): Promise<void> {
  client.on('error', () => client.destroy());
  const answer = await ask.agent();
  if (!answer.ok) return refuse(client, 403, inWords(answer.failure));
  if (client.destroyed) return;
  const agent = connect({ path: answer.output });
  track(agent, open);
  agent.once('connect', () => {
    client.write(ESTABLISHED);
    if (first.length > 0) client.unshift(first);
    const end = () => client.destroy();
    void pipeAgent(client, agent).then(end, end);
  });
  agent.on('close', () => client.destroy());
  client.on('close', () => agent.destroy());
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  ask: ProxyQuestions,
): Promise<void> {
  const answerWith = (status: number, text: string) => {
    incoming.resume();
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
  };
  const place = placeOf(incoming.url ?? '');
  if (place === undefined) {
    ask.refused?.(
      `request for ${JSON.stringify((incoming.url ?? '').slice(0, 200))}`,
      'it is no http address',
    );
    return answerWith(400, 'this is a proxy: write the whole address');
  }
  const answer = await ask.address(place.host, place.port);
  if (!answer.ok) return answerWith(403, inWords(answer.failure));
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

/** Whatever program is refused shows this to people, so what can be done about it belongs to it. */
function inWords({ message, hint }: Failure): string {
  return hint === undefined ? message : `${message}\n${hint}`;
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
