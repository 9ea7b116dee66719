import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Gate } from '../../src/ports/gate.ts';
import { type GateFixture, gateFixture, TOKEN } from '../gate-fixture.ts';
import { describeSandboxed } from '../sandboxed.ts';

const REFERENCE = { $secret: 'TOKEN' };

let fixture: GateFixture;
let gate: Gate;
let granted: number;
let other: number;
const servers: Server[] = [];
/** What came to whom. */
let received: { port: number; text: string }[];

async function serving(
  answer: (incoming: IncomingMessage, body: string) => { status: number; location?: string; text: string },
) {
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const text = JSON.stringify([incoming.url, incoming.headers, body]);
      received.push({ port: (server.address() as AddressInfo).port, text });
      const { status, location, text: said } = answer(incoming, text);
      response.writeHead(status, location === undefined ? {} : { location }).end(said);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  received = [];
  fixture = await gateFixture('escaper');
  other = await serving((_, text) => ({ status: 200, text }));
  let kept = '';
  granted = await serving((incoming, text) => {
    if (incoming.url?.startsWith('/away'))
      return { status: 307, location: `http://127.0.0.1:${other}/`, text: '' };
    if (incoming.url === '/kept') return { status: 200, text: kept };
    kept = text;
    return { status: 200, text };
  });
  const allow = [
    'fs:write:.',
    'shell:*',
    `net:127.0.0.1:${granted}`,
    `net:127.0.0.1:${other}`,
    'net:192.0.2.1:80',
    `secret:TOKEN@127.0.0.1:${granted}`,
    'secret:TOKEN@192.0.2.1',
  ];
  gate = fixture.newGate({ policy: { allow, ask: [], deny: [], sandbox: 'warn' } });
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await fixture.remove();
});

/** The worker is allowed no more than to refer to the secret. */
async function fetched(url: string, options: JsonValue) {
  const bound = [`secret:TOKEN@127.0.0.1:*`, 'secret:TOKEN@192.0.2.1', 'net:*', 'fs:write:.', 'shell:*'];
  const performed = await fixture.perform(
    gate,
    'escaper/armed',
    { way: 'fetch', url, options },
    { permissionSets: [bound] },
  );
  return performed.outcome as { ok: true; output: { got: string | null; error?: string } };
}

const here = (path = '/') => `http://127.0.0.1:${granted}${path}`;

describeSandboxed('a secret that a worker may only refer to', () => {
  afterEach(async () => {
    const everything = JSON.stringify([fixture.logs, await fixture.audited()]);
    expect(everything).not.toContain(TOKEN);
  });

  test('[WRK-22] is put into headers, address and body of requests to its host, and taken out of the answer', async () => {
    const { output } = await fetched(here('/path?a=b'), {
      method: 'POST',
      headers: { 'x-key': REFERENCE, authorization: ['Bearer ', REFERENCE] },
      query: { key: REFERENCE },
      json: { login: { password: REFERENCE } },
    });
    const [{ text } = { text: '' }] = received;
    const [url, headers, body] = JSON.parse(text) as [string, Record<string, string>, string];
    expect(new URL(url, here()).searchParams.get('key')).toBe(TOKEN);
    expect(headers).toMatchObject({ 'x-key': TOKEN, authorization: `Bearer ${TOKEN}` });
    expect(JSON.parse(body)).toEqual({ login: { password: TOKEN } });
    expect(output.got).toContain('***');
    expect(output.got).not.toContain(TOKEN);
    expect(output.got).not.toContain(encodeURIComponent(TOKEN));
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'insert',
        decision: 'allowed',
        permission: `secret:TOKEN@127.0.0.1:${granted}`,
        rule: `policy.allow secret:TOKEN@127.0.0.1:${granted}`,
      }),
    );
  });

  test('[WRK-22] as a password of basic authentication it is taken out of the answer as well', async () => {
    const { output } = await fetched(here(), { basic: { user: 'ann', password: REFERENCE } });
    expect(received[0]?.text).toContain(Buffer.from(`ann:${TOKEN}`).toString('base64'));
    expect(output.got).not.toContain(Buffer.from(`ann:${TOKEN}`).toString('base64'));
  });

  test('[WRK-22] it cannot be sent to another host, and that it was tried is recorded', async () => {
    const { output } = await fetched(`http://127.0.0.1:${other}/`, { headers: { 'x-key': REFERENCE } });
    expect(output.got).toBeNull();
    expect(received).toEqual([]);
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'insert',
        decision: 'denied',
        permission: `secret:TOKEN@127.0.0.1:${other}`,
      }),
    );
  });

  test('[WRK-22] a redirect takes no header with it, and a body only where it is granted', async () => {
    await fetched(here('/away'), { headers: { 'x-key': REFERENCE } });
    expect(received.map(({ port }) => port)).toEqual([granted, other]);
    expect(received[1]?.text).not.toContain(TOKEN);
    received.length = 0;
    const { output } = await fetched(here('/away'), { method: 'POST', body: ['key=', REFERENCE] });
    expect(output.got).toBeNull();
    expect(received.map(({ port }) => port)).toEqual([granted]);
  });

  test('[WRK-22] it is not sent in the clear, however it is granted', async () => {
    const { output } = await fetched('http://192.0.2.1/', { headers: { 'x-key': REFERENCE } });
    expect(output).toMatchObject({ got: null, error: expect.stringContaining('https alone') });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({ operation: 'insert', decision: 'denied', target: '192.0.2.1:80' }),
    );
  });

  test('[WRK-22] what a host was told in one call does not come back by another', async () => {
    await fetched(here(), { method: 'POST', body: REFERENCE });
    const { output } = await fetched(here('/kept'), {});
    expect(output.got).toContain('***');
    expect(output.got).not.toContain(TOKEN);
  });

  test('[WRK-22] the worker cannot see it', async () => {
    const bound = { permissionSets: [[`secret:TOKEN@127.0.0.1:*`, 'fs:write:.', 'shell:*']] };
    const { outcome } = await fixture.perform(gate, 'escaper/armed', { way: 'secret', name: 'TOKEN' }, bound);
    expect(outcome).toMatchObject({ output: { got: null } });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({ operation: 'secret', decision: 'denied', permission: 'secret:TOKEN' }),
    );
  });
});
