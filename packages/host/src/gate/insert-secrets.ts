import { serverOfLogin } from '@cadre/core';
import { type Failure, failure, type Outcome } from '@cadre/sdk';
import type { Requested } from './answer-request.ts';
import { createErrand } from './create-errand.ts';
import { findSecret, record, rule } from './decide-wish.ts';
import { isSentSafely, portOf } from './sent-safely.ts';

/** A login that was put into a request, and may turn out not to count any more. */
export interface InsertedLogin {
  readonly server: string;
  readonly token: string;
}

/** Values that may be put into a request to this host, which the worker does not get to see. */
export async function insertSecrets(
  names: readonly string[],
  url: URL,
  given: Requested,
  inserted: (login: InsertedLogin) => void,
  rejected?: InsertedLogin,
): Promise<Outcome<ReadonlyMap<string, string>>> {
  const target = `${url.hostname}:${portOf(url)}`;
  const values = new Map<string, string>();
  for (const name of names) {
    const permission = `secret:${name}@${target}`;
    if (!isSentSafely(url)) {
      const why = 'a secret is sent by https alone, except to this machine';
      await record(permission, 'insert', target, given, {
        decision: 'denied',
        rule: why,
        outcome: 'refused',
      });
      return { ok: false, failure: failure('denied', `${name} was not sent to ${target}: ${why}`) };
    }
    const server = serverOfLogin(name);
    if (server !== undefined && (await given.logins?.isReady(server)) === false)
      return { ok: false, failure: notLoggedIn(server) };
    const ruling = await rule(permission, 'insert', target, given);
    if (!ruling.allowed) return { ok: false, failure: ruling.failure };
    const value =
      server === undefined ? await findSecret(name, given) : await findLogin(server, url, given, rejected);
    if (!value.ok) return value;
    if (server !== undefined) inserted({ server, token: value.output });
    given.edge.add(value.output);
    values.set(name, value.output);
  }
  return { ok: true, output: values };
}

function notLoggedIn(server: string): Failure {
  return failure('not_configured', `nobody is logged in at the MCP server ${server}`, {
    hint: `cadre mcp login ${server}`,
  });
}

/** Of the server that calls alone: a login is for whoever somebody logged in for. */
async function findLogin(
  server: string,
  url: URL,
  given: Requested,
  rejected: InsertedLogin | undefined,
): Promise<Outcome<string>> {
  const { logins, subject, mask } = given;
  if (logins === undefined || subject.worker.manifest.id !== server) {
    return { ok: false, failure: failure('denied', `a login at ${server} is for ${server} alone`) };
  }
  const old = rejected?.server === server ? rejected.token : undefined;
  const token = await logins.token(server, url, createErrand(given), old);
  if (token.ok) mask.add(token.output);
  return token;
}
