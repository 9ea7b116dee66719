import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CadreError } from '@cadre/core';

/** Who may read what happens here: whoever has the token; without one, whoever is on this machine. */
export interface Guard {
  readonly token?: string | undefined;
}

/**
 * Throws `denied`. Without a token the request has to come from this machine and to name it: a page of somebody else's, in a
 * browser here, whose name was made to lead here, names another host.
 */
export function assertMayRead({ token }: Guard, request: IncomingMessage): void {
  const { authorization = '', host = '' } = request.headers;
  if (token !== undefined) {
    if (isSame(authorization, `Bearer ${token}`)) return;
    throw new CadreError('denied', 'the token is missing or is another one', {
      hint: 'send the header: Authorization: Bearer TOKEN',
    });
  }
  if (isLoopback(request.socket.remoteAddress ?? '') && LOCAL_NAME.test(host)) return;
  throw new CadreError('denied', 'what happens here is read from this machine alone', {
    hint: 'set a token to read it from elsewhere: CADRE_HTTP__TOKEN, or http.token: secret:NAME',
  });
}

/** Throws `denied` for what a page of another place sends from a browser: it would act in the name of whoever looks at it. */
export function assertOwnOrigin({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).host : '';
  if (from !== '' && (from === host || LOCAL_NAME.test(from))) return;
  throw new CadreError('denied', 'a page of another place may not do anything here', {
    hint: 'use a client that is no page, or one that is served from here',
  });
}

const LOCAL_NAME = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./.test(address) || address === '::1';
}

/** In a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
