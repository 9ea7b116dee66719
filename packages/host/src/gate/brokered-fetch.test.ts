import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FetchOptions, failure } from '@cadre/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokeredFetch, FETCH_LIMITS, type FetchLimits, type FetchQuestions } from './brokered-fetch.ts';
import { resolveAddress } from './resolve-address.ts';

let server: Server;
let port: number;
const asked: string[] = [];

const PATHS: Record<string, (incoming: IncomingMessage, response: ServerResponse) => void> = {
  '/echo': (incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () =>
      response.end(JSON.stringify({ method: incoming.method, headers: incoming.headers, body })),
    );
  },
  '/there': (_, response) => response.writeHead(302, { location: '/echo' }).end(),
  '/kept': (_, response) => response.writeHead(307, { location: '/echo' }).end(),
  '/away': (_, response) =>
    response.writeHead(302, { location: `http://other.example.test:${port}/echo` }).end(),
  '/metadata': (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/large': (_, response) => response.end('x'.repeat(2_000)),
  '/never': () => {},
};

beforeAll(async () => {
  server = createServer((incoming, response) => PATHS[incoming.url ?? '']?.(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask: FetchQuestions = {
  async host(host, at) {
    asked.push(`${host}:${at}`);
    if (host.startsWith('169.')) return { ok: false, failure: failure('denied', 'not there') };
    return { ok: true, output: '127.0.0.1' };
  },
  secrets: async (names) => ({ ok: true, output: new Map(names.map((name) => [name, `value of ${name}`])) }),
};

function fetch(
  path: string,
  options: FetchOptions = {},
  limits: Partial<FetchLimits> = {},
  address = 'api.example.test',
) {
  asked.length = 0;
  const signal = new AbortController().signal;
  return brokeredFetch(
    `http://${address}:${port}${path}`,
    options,
    ask,
    { ...FETCH_LIMITS, ...limits },
    signal,
  );
}

async function echoed(path: string, options: FetchOptions = {}) {
  const fetched = await fetch(path, options);
  if (!fetched.ok) throw new Error(fetched.failure.message);
  return JSON.parse(fetched.output.body) as { method: string; headers: Record<string, string>; body: string };
}

describe('a request on behalf of a worker', () => {
  test('[WRK-21] goes to the address that was answered, under the name that was asked for', async () => {
    const { method, headers, body } = await echoed('/echo', {
      method: 'post',
      headers: { 'X-Own': 'y', Host: 'evil' },
      body: 'é',
    });
    expect({ method, body, own: headers['x-own'], host: headers['host'] }).toEqual({
      method: 'POST',
      body: 'é',
      own: 'y',
      host: `api.example.test:${port}`,
    });
    expect(asked).toEqual([`api.example.test:${port}`]);
  });

  test('[WRK-21] every redirect is asked for again', async () => {
    expect(await fetch('/metadata')).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(asked).toEqual([`api.example.test:${port}`, '169.254.169.254:80']);
  });

  test('what was meant for one origin is not sent to another', async () => {
    const options = { headers: { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Own': 'y' } };
    expect((await echoed('/there', options)).headers).toMatchObject({
      authorization: 'Bearer x',
      cookie: 'a=b',
    });
    const { headers } = await echoed('/away', options);
    expect(headers).toMatchObject({ 'x-own': 'y' });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
  });

  test('[WRK-22] what stands for secrets is filled in, and goes to one origin alone', async () => {
    const token = { $secret: 'TOKEN' };
    const options = {
      method: 'PUT',
      headers: { 'X-Key': token, 'X-Own': ['own ', token] },
      json: { deep: [token] },
    };
    const there = await echoed('/echo', options);
    expect(there.headers).toMatchObject({
      'x-key': 'value of TOKEN',
      'x-own': 'own value of TOKEN',
      'content-type': 'application/json',
    });
    expect(there.body).toBe('{"deep":["value of TOKEN"]}');
    const { headers } = await echoed('/away', {
      headers: { 'X-Key': token },
      basic: { user: 'u', password: token },
    });
    expect(headers).not.toHaveProperty('x-key');
    expect(headers).not.toHaveProperty('authorization');
  });

  test('a post becomes a get where browsers do so, and stays one where it must', async () => {
    expect(await echoed('/there', { method: 'POST', body: 'x' })).toMatchObject({ method: 'GET', body: '' });
    expect(await echoed('/kept', { method: 'POST', body: 'x' })).toMatchObject({ method: 'POST', body: 'x' });
  });

  test.each([
    ['/loop', {}, 'provider_failed'],
    ['/file', {}, 'provider_failed'],
    ['/large', { bytes: 1_000 }, 'too_large'],
    ['/never', { timeoutMs: 50 }, 'timeout'],
  ])('[WRK-21] %s ends as %j', async (path, limits, code) => {
    expect(await fetch(path, {}, limits)).toMatchObject({ ok: false, failure: { code } });
  });

  test.each([
    'file:///etc/passwd',
    'ftp://example.test/',
    'nonsense',
    'data:text/plain,x',
  ])('%s is refused', async (address) => {
    const refused = await brokeredFetch(address, {}, ask, FETCH_LIMITS, new AbortController().signal);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'invalid_input' } });
  });
});

describe('the address of a host', () => {
  test.each([
    '127.0.0.1',
    '[::1]',
    '169.254.169.254',
    '10.0.0.1',
    'localhost',
    '[::ffff:127.0.0.1]',
  ])('[WRK-21] %s is refused unless that very host was granted', async (host) => {
    expect(await resolveAddress(host, false)).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(await resolveAddress(host, true)).toMatchObject({ ok: true });
  });

  test('a name without an address is told as such', async () => {
    expect(await resolveAddress('nothing.invalid', false)).toMatchObject({
      ok: false,
      failure: { code: 'provider_failed' },
    });
  });
});
