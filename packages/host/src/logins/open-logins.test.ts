import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Fetched, Outcome } from '@cadre/sdk';
import { expect, onTestFinished, test } from 'vitest';
import {
  type AuthorizationServer,
  authorizationServer,
  guardedClock,
} from '../../test/mcp/authorization-server.ts';
import { endOf } from '../../test/mcp/login-process.ts';
import type { Errand, LoginDesk, SigningIn } from '../ports/logins.ts';
import { openLogins } from './open-logins.ts';

type Asked = Parameters<Errand['fetch']>;

interface Place {
  readonly desk: LoginDesk;
  readonly authority: AuthorizationServer;
  readonly address: URL;
  /** Straight to this machine; `before` answers in the place of who is asked, or does something meanwhile. */
  errand(before?: (...asked: Asked) => Promise<Outcome<Fetched> | undefined>): Errand;
  readonly hidden: string[];
  readonly folder: string;
  entry(): Promise<{ client: { client_id: string }; tokens: { refresh_token: string } } | undefined>;
}

async function placeFor(expiresIn: number): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'cadre-logins-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, 'mcp-logins');
  const authority = await authorizationServer({ expiresIn });
  const { port } = await guardedClock(authority);
  const url = `http://127.0.0.1:${port}/mcp`;
  const server = { name: 'clock', url, auth: { grant: 'authorization_code' } } as const;
  const hidden: string[] = [];
  return {
    desk: openLogins({ folder, root: '/root', serverOf: () => server, clock: { now: Date.now } }),
    authority,
    address: new URL(url),
    hidden,
    folder,
    errand: (before = async () => undefined) => ({
      fetch: async (...asked) => (await before(...asked)) ?? askedFor(...asked),
      secret: async () => expect.unreachable('no secret is declared'),
      hide: (value) => void hidden.push(value),
    }),
    async entry() {
      const names = await readdir(folder).catch(() => []);
      const [file] = names.filter((name) => name.endsWith('.json'));
      return file === undefined ? undefined : JSON.parse(await readFile(join(folder, file), 'utf8'));
    },
  };
}

async function askedFor(address: URL, { method, headers, body }: Asked[1]): Promise<Outcome<Fetched>> {
  const response = await fetch(address, {
    ...(method === undefined ? {} : { method }),
    headers: headers as Record<string, string>,
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
  });
  return answered(response.status, await response.text(), Object.fromEntries(response.headers));
}

function answered(status: number, body: string, headers: Record<string, string> = {}): Outcome<Fetched> {
  return { ok: true, output: { status, headers, body } };
}

/** Somebody who goes where they are sent. */
function person(): SigningIn {
  let shown: URL | undefined;
  return {
    redirectUrl: 'http://127.0.0.1:1/callback',
    state: 'mine',
    show(address) {
      shown = address;
    },
    async answer() {
      if (shown === undefined) throw new Error('nothing was shown');
      return (await endOf(shown)).searchParams;
    },
  };
}

const isRenewal = (body: string | undefined) => body?.includes('grant_type=refresh_token') === true;

/** Has something done while a login is renewed, and as much of it as can be done then. */
async function whileRenewed({ desk, address, errand }: Place, work: () => Promise<unknown>): Promise<void> {
  const under: Promise<unknown>[] = [];
  const renewing = errand(async (_address, { body }) => {
    if (!isRenewal(body) || under.length > 0) return undefined;
    const doing = work();
    let isOver = false;
    under.push(doing.finally(() => (isOver = true)));
    for (let turns = 0; turns < 5_000 && !isOver; turns += 1) await turn();
    return undefined;
  });
  expect(await desk.token('clock', address, renewing)).toMatchObject({ ok: true });
  expect(under).toHaveLength(1);
  await Promise.all(under);
}

test('[WRK-22] whoever logs out while the login is renewed is logged out', async () => {
  const place = await placeFor(0);
  const { desk, errand, authority } = place;
  expect(await desk.signIn('clock', errand(), person())).toMatchObject({ ok: true });
  await whileRenewed(place, () => desk.signOut('clock', errand()));
  expect(await place.entry()).toBeUndefined();
  expect((await stat(place.folder)).mode & 0o077).toBe(0);
  expect(await desk.state('clock')).not.toHaveProperty('since');
  expect(authority.asked.at(-1)).toBe('POST /revoke');
});

test('a new login is not written over by what a renewal of the old one got', async () => {
  const place = await placeFor(0);
  const { desk, errand, authority } = place;
  await desk.signIn('clock', errand(), person());
  await whileRenewed(place, () => desk.signIn('clock', errand(), person()));
  expect(authority.registered).toHaveLength(2);
  expect((await place.entry())?.client.client_id).toBe(authority.registered[1]?.['client_id']);
});

test('[WRK-22] what an authorization server says of a token that it was sent is known to be secret', async () => {
  const place = await placeFor(0);
  const { desk, errand, address } = place;
  await desk.signIn('clock', errand(), person());
  const sent = (await place.entry())?.tokens.refresh_token ?? '';
  // As a process that was started later.
  place.hidden.length = 0;
  let long = '';
  const telling = errand(async (_address, { body }) => {
    const said = { error: 'invalid_request', error_description: `${long}what is ${sent}?` };
    return isRenewal(body) ? answered(400, JSON.stringify(said)) : undefined;
  });
  const refused = await desk.token('clock', address, telling);
  expect(JSON.stringify(refused)).toContain(sent);
  expect(place.hidden).toContain(sent);
  // What is cut off in the middle would be known by nobody.
  long = 'so '.repeat(90);
  const cut = await desk.token('clock', address, telling);
  expect(JSON.stringify(cut)).toContain('what is …');
  expect(JSON.stringify(cut)).not.toContain(sent.slice(0, 12));
});

test.each([
  ['one that would hide half of every text', { access_token: 'http' }],
  ['one that no header could hold', { access_token: 'x'.repeat(100_000) }],
  ['one to renew it with that is none', { access_token: 'access-0123456789', refresh_token: 'text' }],
])('[WRK-22] a token that cannot be kept out of what is told is not taken: %s', async (_what, tokens) => {
  const place = await placeFor(3_600);
  const { desk, errand } = place;
  const giving = errand(async ({ pathname }) =>
    pathname === '/token' ? answered(200, JSON.stringify({ token_type: 'Bearer', ...tokens })) : undefined,
  );
  const made = await desk.signIn('clock', giving, person());
  expect(made).toMatchObject({
    ok: false,
    failure: { code: 'denied', message: expect.stringMatching(/clock.*16 to 8192 can be kept secret/) },
  });
  expect(place.hidden.every((value) => value.length >= 16 && value.length <= 8_192)).toBe(true);
  expect(await place.entry()).toBeUndefined();
});
