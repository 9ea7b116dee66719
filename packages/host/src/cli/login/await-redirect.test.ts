import { request } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { type AwaitedRedirect, awaitRedirect } from './await-redirect.ts';

async function waiting(
  interrupted = new AbortController().signal,
): Promise<AwaitedRedirect & { notes: string[] }> {
  const notes: string[] = [];
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const note = (text: string) => notes.push(text);
  const redirect = await awaitRedirect({ stdin, interrupted, port: 0, waitMs: 60_000, note });
  onTestFinished(() => redirect.close());
  return { ...redirect, notes };
}

/** Answers the status. */
function ask(
  address: URL,
  options: { readonly method?: string; readonly host?: string; readonly path?: string } = {},
): Promise<number> {
  const { method = 'GET', host = address.host, path = address.pathname + address.search } = options;
  return new Promise((resolve, reject) => {
    const asked = request(address, { method, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}

test('what any page of a browser could send counts for nothing; the one that knows the state ends it', async () => {
  const { redirectUrl, state, answer } = await waiting();
  const at = (query: Record<string, string>, path = redirectUrl) => {
    const address = new URL(path);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    return address;
  };
  const right = at({ state, code: 'abc' });
  expect(await ask(at({ code: 'forged' }))).toBe(404);
  expect(await ask(at({ state: `${state}x`, code: 'forged' }))).toBe(404);
  expect(await ask(at({ state, code: 'forged' }, new URL('/', redirectUrl).href))).toBe(404);
  expect(await ask(at({ state, code: 'forged' }), { method: 'POST' })).toBe(404);
  expect(await ask(right, { path: '//' })).toBe(404);
  expect(await ask(right, { path: 'http://[/' })).toBe(404);
  // A name that somebody has made to lead here.
  expect(await ask(at({ state, code: 'forged' }), { host: 'evil.example.org' })).toBe(404);
  expect(await ask(right)).toBe(200);
  expect((await answer()).get('code')).toBe('abc');
});

test('each waits with a state of its own, and ends when it is broken off', async () => {
  const stop = new AbortController();
  const [one, other] = [await waiting(), await waiting(stop.signal)];
  expect(one.state).not.toBe(other.state);
  stop.abort();
  await expect(other.answer()).rejects.toThrow('broken off');
});
