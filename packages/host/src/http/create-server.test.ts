import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InboxProcess, type InboxWorld, openInboxWorld } from '../inbox/testing/inbox-world.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { until } from '../testing/until.ts';
import { createAdmission } from './admission.ts';
import { createServer, type Server } from './create-server.ts';
import { createLoopDelay } from './loop-delay.ts';

const NO_EVENTS = { events: () => Promise.reject(new Error('nobody asks')), guard: {} };

let world: InboxWorld;
let process: InboxProcess;
let server: Server;
const failed: unknown[] = [];

beforeEach(async () => {
  world = openInboxWorld();
  world.secrets['HOOK'] = 'it is a secret';
  world.declare('push', 'on: { webhook: { signature: github, secret: "secret:HOOK" } }');
  process = await world.process();
  const { inbox } = process;
  server = await createServer({
    inbox,
    host: '127.0.0.1',
    port: 0,
    largestBody: 1_048_576,
    ...NO_EVENTS,
    failed: (error) => failed.push(error),
  });
});
afterEach(async () => {
  await server.close();
  await world.close();
  expect(failed.splice(0)).toEqual([]);
});

async function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
  name = 'push',
  address = server.address,
) {
  const signature = createHmac('sha256', 'it is a secret').update(body).digest('hex');
  const response = await fetch(`${address}/api/v1/hooks/${name}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${signature}`,
      ...headers,
    },
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

test('a delivery is kept and answered with 202 at once, and the same again with 200 and its run', async () => {
  const first = await post('{"a": "Ω"}', { 'x-github-delivery': 'd1' });
  expect(first).toMatchObject({ status: 202, body: { status: 'waiting', firing: 1 } });
  await until('the run is there', async () => {
    await world.pass(1);
    return (await process.engine.list({})).runs.length > 0;
  });
  const second = await post('{"a": "Ω"}', { 'x-github-delivery': 'd1' });
  const [run] = (await process.engine.list({})).runs;
  expect(second).toMatchObject({ status: 200, body: { firing: 1, run: run?.id } });
  const { state } = await process.engine.get(run?.id ?? '');
  expect(state.trigger).toMatchObject({ data: { a: 'Ω' } });
});

test('what is forged, unknown, too large, no JSON or too much is refused, each with its status and code', async () => {
  const forged = await post('{}', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` });
  expect(forged).toMatchObject({ status: 401, body: { error: { code: 'bad_signature' } } });
  expect(await post('{}', {}, 'none')).toMatchObject({
    status: 404,
    body: { error: { code: 'trigger_not_found' } },
  });
  expect(await post('{}', {}, '%00')).toMatchObject({ status: 404 });
  expect(await post('{')).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
  expect(await post(Buffer.alloc(1_048_577))).toMatchObject({
    status: 413,
    body: { error: { code: 'too_large' } },
  });
  for (let index = 2; index < 60; index++) await post('{}');
  const late = await post('{}');
  expect(late).toMatchObject({ status: 429, body: { error: { code: 'too_many' } } });
  expect(late.headers.get('retry-after')).toBe('60');
});

test('exactly 1 MiB is taken', async () => {
  const body = JSON.stringify('x'.repeat(1_048_574));
  expect(Buffer.byteLength(body)).toBe(1_048_576);
  expect(await post(body)).toMatchObject({ status: 202 });
});

test('a body whose end nobody announces is refused as soon as it is too large', async () => {
  const { hostname, port } = new URL(server.address);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.on('close', () => resolve(text));
    // The rest of what is sent is met by a closed door.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? resolve(text) : reject(error),
    );
    socket.write('POST /api/v1/hooks/push HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let index = 0; index < 17; index++) socket.write(chunk);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test('what is more than can be done is refused with 503 and when to come again, and nothing accepted is lost', async () => {
  const clock = simulatedClock();
  const admission = createAdmission({
    limits: { inFlight: 3, delayMs: 60_000, waiting: 1_000 },
    clock,
    delay: createLoopDelay(),
    countWaiting: async () => 0,
    told: () => undefined,
  });
  const going = Promise.withResolvers<void>();
  let received = 0;
  const slow = await createServer({
    inbox: {
      async receive(delivery) {
        received += 1;
        await going.promise;
        return process.inbox.receive(delivery);
      },
    },
    host: '127.0.0.1',
    port: 0,
    largestBody: 1_048_576,
    admission,
    ...NO_EVENTS,
    failed: (error) => failed.push(error),
  });
  const send = (delivery: number) => post('{}', { 'x-github-delivery': `${delivery}` }, 'push', slow.address);
  const first = [0, 1, 2].map(send);
  await until('as many as may are being answered', () => received === 3);
  for (const delivery of [3, 4, 5, 6, 7, 8]) {
    const refused = await send(delivery);
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'overloaded' } } });
    expect(refused.headers.get('retry-after')).toBe('1');
  }
  // Whoever only looks brings no work.
  expect((await fetch(`${slow.address}/healthz`)).status).toBe(200);
  expect((await fetch(`${slow.address}/api/v1/hooks/push`)).status).toBe(404);
  going.resolve();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(await send(3)).toMatchObject({ status: 202 });
  expect(await process.inbox.history({})).toHaveLength(4);
  expect(admission.figures()).toMatchObject({ inFlight: 0, accepted: 4, refused: { in_flight: 6 } });
  await slow.close();
  admission.close();
});

test('its metrics are told where there are some', async () => {
  expect((await fetch(`${server.address}/metrics`)).status).toBe(404);
  const told = await createServer({
    inbox: process.inbox,
    host: '127.0.0.1',
    port: 0,
    largestBody: 1,
    metrics: {
      now: () => 0,
      figures: async () => [],
      quarantines: async () => [{ worker: 'code', since: 0, reason: 'it died' }],
      counts: async () => [],
    },
    ...NO_EVENTS,
    failed: (error) => failed.push(error),
  });
  const response = await fetch(`${told.address}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain('cadre_worker_quarantined{worker="code"} 1');
  await told.close();
});

test('its health is told, and of everything else that there is nothing', async () => {
  expect(await (await fetch(`${server.address}/healthz`)).json()).toEqual({ status: 'ok' });
  expect((await fetch(`${server.address}/api/v1/hooks/push`)).status).toBe(404);
  expect((await fetch(`${server.address}/other`)).status).toBe(404);
});

test('a fault of the program says nothing of itself to the outside', async () => {
  const broken = await createServer({
    inbox: {
      receive: async () => {
        throw new Error('the password is x');
      },
    },
    host: '127.0.0.1',
    port: 0,
    largestBody: 10,
    ...NO_EVENTS,
    failed: (error) => failed.push(error),
  });
  const response = await fetch(`${broken.address}/api/v1/hooks/push`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toMatch(/password/);
  expect(failed.splice(0)).toMatchObject([{ message: 'the password is x' }]);
  await broken.close();
});

test('a port that is taken is told with what to do', async () => {
  const port = Number(new URL(server.address).port);
  const again = createServer({
    inbox: process.inbox,
    host: '127.0.0.1',
    port,
    largestBody: 1,
    ...NO_EVENTS,
    failed: () => undefined,
  });
  await expect(again).rejects.toMatchObject({
    code: 'not_configured',
    hint: expect.stringMatching(/--port/),
  });
});
