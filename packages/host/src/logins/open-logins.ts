import { mkdir } from 'node:fs/promises';
import { isCadreError } from '@cadre/core';
import { isKitError, lock } from '@cadre/kit/files';
import { failure, type Outcome } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { Errand, LoginDesk, LoginState } from '../ports/logins.ts';
import { type LoginEntry, openLoginEntries } from './login-entry.ts';
import type { LoginServer } from './sign-in.ts';

interface Options {
  /** Of the person; no worker sees it. */
  readonly folder: string;
  readonly root: string;
  /** Undefined: there is none of this name at which one signs in. */
  readonly serverOf: (name: string) => LoginServer | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** So long before its end a token is renewed: it has to last for the request that it is put into. One that is short-lived after half of its life. */
const EARLY_MS = 30_000;
/** Whoever else renews it takes some requests. */
const WAIT_MS = 30_000;

/**
 * Logins of the person, for the MCP servers of one workspace.
 *
 * Invariants
 * 1. A login counts for the server as it was declared when somebody signed in: another address, client or issuer is another login.
 * 2. A token is given for requests to the origin of its server, and for nothing else.
 * 3. Of several processes one renews a token; the others take what it got.
 * 4. Who signs in or out waits for a renewal that is under way: what that one gets would else take the place of theirs.
 */
export function openLogins({ folder, root, serverOf, clock }: Options): LoginDesk {
  const entries = openLoginEntries(folder, root);
  const now = () => clock.now();

  async function find(server: LoginServer): Promise<LoginEntry | undefined> {
    const entry = await entries.find(entries.keyOf(server.name));
    return entry !== undefined && entry.root === root && isFor(entry, server) ? entry : undefined;
  }

  async function keep(server: LoginServer, made: Omit<LoginEntry, 'root' | 'at'>): Promise<LoginEntry> {
    const entry = { ...made, root, at: now() };
    await entries.put(entries.keyOf(server.name), entry);
    return entry;
  }

  async function forget(name: string): Promise<LoginEntry | undefined> {
    await using _held = await alone(name, 'the end');
    const entry = await entries.find(entries.keyOf(name));
    if (entry !== undefined) await entries.remove(entries.keyOf(name));
    return entry;
  }

  /** What may still be used. */
  const good = (entry: LoginEntry | undefined, rejected: string | undefined): LoginEntry | undefined =>
    entry !== undefined &&
    entry.tokens.access_token !== rejected &&
    (entry.expiresAt === undefined || entry.expiresAt - early(entry.at, entry.expiresAt) > now())
      ? entry
      : undefined;

  /** Invariants 3 and 4. The lock may be the first that lies in the folder, which nobody else may read. */
  const alone = async (name: string, holder: string) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return lock(entries.lockOf(name), { waitMs: WAIT_MS, holder: `${holder} of a login` });
  };

  async function renewed(
    server: LoginServer,
    errand: Errand,
    rejected?: string,
  ): Promise<Outcome<LoginEntry>> {
    const held = await alone(server.name, 'a renewal').catch((error: Error) => error);
    if (held instanceof Error) {
      const why = `the login for ${server.name} could not be renewed: ${held.message}`;
      return { ok: false, failure: failure('provider_failed', why, { retryable: true }) };
    }
    try {
      const entry = await find(server);
      const meanwhile = good(entry, rejected);
      if (meanwhile !== undefined) return { ok: true, output: meanwhile };
      // Loaded when it is needed: the library is large.
      const { renew, signIn } = await import('./sign-in.ts');
      const { grant } = server.auth;
      if (grant === 'authorization_code' && entry?.tokens.refresh_token === undefined)
        return nobody(server, entry);
      const made =
        grant === 'client_credentials' || entry === undefined
          ? await signIn(server, errand, undefined, now)
          : await renew(server, entry, errand, now);
      if (made.ok) return { ok: true, output: await keep(server, made.output) };
      if (grant === 'client_credentials' || made.failure.code !== 'not_configured') return made;
      await entries.remove(entries.keyOf(server.name));
      return nobody(server, entry);
    } finally {
      await held.release();
    }
  }

  /** What lies in the folder may be damaged, or have no room. */
  async function safely<Output>(
    name: string,
    work: () => Promise<Outcome<Output>>,
  ): Promise<Outcome<Output>> {
    try {
      return await work();
    } catch (error) {
      if (!isCadreError(error) && !isKitError(error)) throw error;
      const { code, message, hint } = error;
      const why = `the login for ${name} could not be used: ${message}`;
      return { ok: false, failure: failure(code, why, hint === undefined ? {} : { hint }) };
    }
  }

  return {
    async isReady(name) {
      const server = serverOf(name);
      if (server === undefined) return false;
      if (server.auth.grant === 'client_credentials') return true;
      // One that cannot be read is said to be so when it is wanted.
      return (await find(server).catch(() => 'damaged')) !== undefined;
    },
    token: (name, address, errand, rejected) =>
      safely(name, async () => {
        const server = serverOf(name);
        if (server === undefined || new URL(server.url).origin !== address.origin) {
          const why = `a login for ${name} is not for requests to ${address.host}`;
          return { ok: false, failure: failure('denied', why) };
        }
        const entry = good(await find(server), rejected);
        const usable: Outcome<LoginEntry> =
          entry === undefined ? await renewed(server, errand, rejected) : { ok: true, output: entry };
        if (!usable.ok) return usable;
        const { access_token: token } = usable.output.tokens;
        errand.hide(token);
        return { ok: true, output: token };
      }),
    async signIn(name, errand, person) {
      const server = serverOf(name);
      if (server === undefined) throw new Error(`${name} has no login`);
      const { signIn } = await import('./sign-in.ts');
      return safely(name, async () => {
        const made = await signIn(server, errand, person, now);
        if (!made.ok) return made;
        await using _held = await alone(name, 'the making');
        return { ok: true, output: stateOf(server, await keep(server, made.output)) };
      });
    },
    async state(name) {
      const server = serverOf(name);
      return server === undefined ? undefined : stateOf(server, await find(server));
    },
    async signOut(name, errand) {
      const entry = await forget(name);
      if (entry === undefined) return false;
      await giveBack(entry, errand);
      return true;
    },
  };
}

/** RFC 7009. Who does not take it back lets it run out. */
async function giveBack({ metadata, tokens, client }: LoginEntry, errand: Errand): Promise<void> {
  const { revocation_endpoint: address } = metadata;
  if (typeof address !== 'string' || !URL.canParse(address)) return;
  const { client_id, client_secret } = client;
  const body = new URLSearchParams({
    token: tokens.refresh_token ?? tokens.access_token,
    client_id,
    ...(client_secret === undefined ? {} : { client_secret }),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await errand.fetch(new URL(address), { method: 'POST', headers, body: body.toString() });
}

function early(from: number, to: number): number {
  return Math.min(EARLY_MS, (to - from) / 2);
}

/** Invariant 1. */
function isFor(entry: LoginEntry, { name, url, auth }: LoginServer): boolean {
  const { grant, issuer, clientId } = auth;
  return (
    entry.server === name &&
    entry.url === url &&
    entry.grant === grant &&
    (issuer === undefined || issuer.replace(/\/$/, '') === entry.issuer.replace(/\/$/, '')) &&
    (clientId === undefined || clientId === entry.client.client_id)
  );
}

function nobody({ name }: LoginServer, entry: LoginEntry | undefined): Outcome<never> {
  const why =
    entry === undefined
      ? `nobody is logged in at the MCP server ${name}`
      : `the login at the MCP server ${name} has ended, and cannot be renewed`;
  return { ok: false, failure: failure('not_configured', why, { hint: `cadre mcp login ${name}` }) };
}

function stateOf({ name, auth }: LoginServer, entry: LoginEntry | undefined): LoginState {
  if (entry === undefined) return { server: name, grant: auth.grant };
  const { issuer, at, expiresAt, tokens, grant } = entry;
  return {
    server: name,
    grant,
    issuer,
    since: at,
    renews: grant === 'client_credentials' || tokens.refresh_token !== undefined,
    ...(tokens.scope === undefined ? {} : { scope: tokens.scope }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
