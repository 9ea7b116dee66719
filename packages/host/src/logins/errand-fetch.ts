import type { Failure } from '@cadre/sdk';
import type { FetchLike } from '@modelcontextprotocol/client';
import type { Errand } from '../ports/logins.ts';

/** What was refused on the way. Of this kind, because the library goes on after any other error as if there were nothing. */
export class ErrandRefused extends TypeError {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** These have no body. */
const EMPTY = new Set([204, 205, 304]);

/** `fetch` as the library wants it, over an errand. */
export function errandFetch(errand: Errand): FetchLike {
  return async (address, init = {}) => {
    const { method = 'GET', headers, body } = init;
    const fetched = await errand.fetch(new URL(address), {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      ...(body === undefined || body === null ? {} : { body: String(body) }),
    });
    if (!fetched.ok) throw new ErrandRefused(fetched.failure);
    const { status, headers: answered, body: text } = fetched.output;
    return new Response(EMPTY.has(status) ? null : text, { status, headers: answered });
  };
}
