import { request } from 'node:http';
import type { Envelope } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Events, openEvents } from '../bus/open-events.ts';
import { systemClock } from '../clock.ts';
import type { Store } from '../ports/store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { begun, created, done, SAMPLE_DEFINITION, started, succeeded } from '../testing/sample-events.ts';
import { createServer, type Server } from './create-server.ts';

let store: Store;
let events: Events;
let server: Server;
const failed: unknown[] = [];

async function open(token?: string): Promise<Server> {
  return createServer({
    inbox: { receive: () => Promise.reject(new Error('nobody sends')) },
    host: '127.0.0.1',
    port: 0,
    largestBody: 1,
    events: async () => ({ workspace: 'shop', follow: events.follow }),
    guard: { token },
    failed: (error) => failed.push(error),
  });
}

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
  const heard = () => () => undefined;
  events = openEvents({ store, workspace: 'shop', clock: systemClock(), heard, warn: () => undefined });
  server = await open();
});
afterEach(async () => {
  await server.close();
  events.close();
  await store.close();
  expect(failed.splice(0)).toEqual([]);
});

const address = (query = '', at = server) => `${at.address}/api/v1/workspaces/shop/events${query}`;

interface Received {
  readonly id: string;
  readonly event: Envelope;
}

/** Reads so many events and leaves; `end` when the server says that there will be no more. */
async function listen(url: string, count: number, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const received: (Received | 'end')[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(message) ?? [];
      if (message.startsWith('event: end')) received.push('end');
      else if (id !== undefined) received.push({ id, event: JSON.parse(data ?? '') as Envelope });
    }
    if (received.length >= count) break;
  }
  controller.abort();
  return received;
}

const topics = (received: readonly (Received | 'end')[]) =>
  received.map((one) => (one === 'end' ? one : one.event.topic));

test('a browser that lost its connection goes on after the last event that it had [WRK-42] [WRK-43]', async () => {
  await store.runs.create('run_1', [created(1), started(1)]);
  const first = await listen(address('?after=start'), 2);
  expect(topics(first)).toEqual(['run.created', 'run.started']);
  await store.runs.append('run_1', 2, [begun(2, 'a'), done(3, 'a'), succeeded(4)]);
  const last = first.at(-1);
  const id = last === undefined || last === 'end' ? '' : last.id;
  const rest = await listen(address('?after=start'), 3, { 'last-event-id': id });
  expect(topics(rest)).toEqual(['step.started', 'step.succeeded', 'run.succeeded']);
  expect(rest[0]).toMatchObject({ event: (await take(1, id))[0] });
});

async function take(count: number, after: string): Promise<Envelope[]> {
  const taken: Envelope[] = [];
  for await (const { envelope } of await events.follow({ after })) if (taken.push(envelope) === count) break;
  return taken;
}

test('topics, conditions and streams are chosen, also while things happen; a stream that is over ends', async () => {
  const chosen = listen(address('?topic=run.*,step.failed&topic=step.*&filter=event.step%20!%3D%20null'), 2);
  const stream = listen(address('?stream=run_1&after=1'), 99).catch((error: unknown) => error);
  await expect(stream).resolves.toBeInstanceOf(Error);
  await store.runs.create('run_1', [created(1), started(1), begun(2, 'a'), done(3, 'a'), succeeded(4)]);
  expect(topics(await chosen)).toEqual(['step.started', 'step.succeeded']);
  expect(topics(await listen(address('?stream=run_1&after=3'), 99))).toEqual([
    'step.succeeded',
    'run.succeeded',
    'end',
  ]);
});

const statusOf = async (url: string, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { headers });
  return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
};

test('what cannot be answered is refused before anything is sent', async () => {
  expect(await statusOf(address('?filter=event.'))).toEqual([400, 'invalid_expression']);
  expect(await statusOf(address('?after=soon'))).toEqual([400, 'invalid_input']);
  expect(await statusOf(address('?stream=none'))).toEqual([404, 'not_found']);
  const other = `${server.address}/api/v1/workspaces/other/events`;
  expect(await statusOf(other)).toEqual([404, 'workspace_not_found']);
});

test('without a token only this machine reads, by its own name; with one only who shows it', async () => {
  const { port } = new URL(server.address);
  const named = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const path = '/api/v1/workspaces/shop/events';
      const asked = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
        resolve(response.statusCode);
        response.destroy();
      });
      asked.on('error', reject);
      asked.end();
    });
  expect(await named('localhost:1')).toBe(200);
  // A page of somebody else's whose name leads here.
  expect(await named('rebound.example.org')).toBe(403);

  const guarded = await open('a token that is long');
  expect(await statusOf(address('', guarded))).toEqual([403, 'denied']);
  expect(await statusOf(address('', guarded), { authorization: 'Bearer other' })).toEqual([403, 'denied']);
  await store.runs.create('run_1', [created(1)]);
  const authorization = { authorization: 'Bearer a token that is long' };
  expect(await listen(address('?after=start', guarded), 1, authorization)).toHaveLength(1);
  await guarded.close();
});

test('a server that ends does not wait for those who follow', async () => {
  const following = fetch(address());
  const response = await following;
  await server.close();
  expect(await response.text()).toMatch(/event: end/);
});
