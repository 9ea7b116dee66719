import { decidePermission, parsePermission, placePermission } from '@cadre/core';
import { type Fetched, failure, type Outcome } from '@cadre/sdk';
import type { Errand } from '../ports/logins.ts';
import type { Requested } from './answer-request.ts';
import { brokeredFetch, FETCH_LIMITS, type FetchLimits } from './brokered-fetch.ts';
import { askForHost, findSecret, record, rule } from './decide-wish.ts';
import { resolveAddress } from './resolve-address.ts';
import { isSentSafely, portOf } from './sent-safely.ts';

/** What these answer is small. */
const LIMITS: FetchLimits = { ...FETCH_LIMITS, bytes: 1024 * 1024, follow: false };

const UNSAFE = 'what signs somebody in is sent by https alone, except to this machine';

/**
 * Signing in leads to hosts that nobody has named before: the server names them. In the open network they may be asked, unless policy
 * refuses them; anywhere else only where the worker may reach that very host.
 */
export function createErrand(given: Requested): Errand {
  const { policyOf, subject, signal, mask, edge } = given;

  async function hostFor(host: string, port: number): Promise<Outcome<string>> {
    const target = `${host.replace(/\.$/, '')}:${port}`;
    const named = subject.effective.some(({ type, scope }) => type === 'net' && scope === target);
    if (named) return askForHost(host, port, 'login', given);
    const wanted = parsePermission(`net:${target}`);
    if (!wanted.ok) return { ok: false, failure: failure('invalid_input', `${target} cannot be asked for`) };
    const verdict = decidePermission(policyOf(subject), placePermission(wanted.permission, subject.places));
    const address = await resolveAddress(host, false);
    if (verdict.decision === 'deny') return askForHost(host, port, 'login', given);
    if (!address.ok && address.failure.code === 'denied') return askForHost(host, port, 'login', given);
    await record(`net:${target}`, 'login', target, given, {
      decision: 'allowed',
      rule: 'whoever signs in may ask hosts of the open network',
      ...(address.ok ? {} : { outcome: address.failure.code }),
    });
    return address;
  }

  return {
    async fetch(address, options): Promise<Outcome<Fetched>> {
      if (!isSentSafely(address))
        return { ok: false, failure: failure('denied', `${address.origin} was not asked: ${UNSAFE}`) };
      const ask = { host: hostFor, secrets: async () => ({ ok: true as const, output: new Map() }) };
      return brokeredFetch(address.href, options, ask, LIMITS, signal);
    },
    async secret(name, address) {
      const target = `${address.hostname}:${portOf(address)}`;
      const ruling = await rule(`secret:${name}@${target}`, 'insert', target, given);
      if (!ruling.allowed) return { ok: false, failure: ruling.failure };
      const value = await findSecret(name, given);
      if (value.ok) edge.add(value.output);
      return value;
    },
    hide(value) {
      mask.add(value);
      edge.add(value);
    },
  };
}
