import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { CadreError } from '@cadre/core';
import type { Io } from '../io.ts';

export interface AwaitedRedirect {
  readonly redirectUrl: string;
  readonly state: string;
  /** What the person came back with. Throws `timed_out`, and `work_failed` when they turned away. */
  answer(): Promise<URLSearchParams>;
  close(): void;
}

const PATH = '/callback';
const CLOSED = '<!doctype html><meta charset="utf-8"><title>Cadre</title><p>You can close this window.</p>';

interface Options extends Pick<Io, 'stdin' | 'interrupted'> {
  /** 0: any that is free. */
  readonly port: number;
  readonly waitMs: number;
  /** Why what came does not count; the waiting goes on. */
  readonly note: (text: string) => void;
}

/**
 * Waits on this machine for the browser of whoever signs in. Where the browser is on another machine, the address that it ends at can
 * be pasted. Whatever does not have the state counts for nothing: any page of a browser can send it here.
 */
export async function awaitRedirect({
  stdin,
  interrupted,
  port,
  waitMs,
  note,
}: Options): Promise<AwaitedRedirect> {
  const { createServer } = await import('node:http');
  const state = randomBytes(32).toString('base64url');
  const come = Promise.withResolvers<URLSearchParams>();
  // Who is not waited for any more is nobody's fault.
  come.promise.catch(() => undefined);
  let host = '';

  function take(address: URL): boolean {
    if (address.pathname !== PATH || !isSame(address.searchParams.get('state') ?? '', state)) return false;
    come.resolve(address.searchParams);
    return true;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const isOurs = request.method === 'GET' && request.headers.host === host;
    const address = URL.parse(request.url ?? '/', `http://${host}`);
    const isTaken = isOurs && address !== null && take(address);
    response.writeHead(isTaken ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(isTaken ? CLOSED : 'not found');
  }

  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new CadreError('invalid_usage', `port ${port} of this machine cannot be used: ${cause.code ?? ''}`, {
          hint: 'leave out --port, and any that is free is taken',
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const lines = createInterface({ input: stdin });
  lines.on('line', (line) => {
    const text = line.trim();
    if (text === '') return;
    if (!URL.canParse(text) || !take(new URL(text)))
      note('that is not the address at which this sign-in ended: paste all of it, from http:// on');
  });
  const deadline = AbortSignal.timeout(waitMs);
  const over = () => {
    const isLate = deadline.aborted;
    come.reject(
      isLate
        ? new CadreError('timed_out', `nobody signed in within ${waitMs / 1_000} s`, {
            hint: 'run it again; --wait 30m waits longer',
          })
        : new CadreError('work_failed', 'the sign-in was broken off'),
    );
  };
  for (const signal of [deadline, interrupted]) {
    if (signal.aborted) over();
    signal.addEventListener('abort', over, { once: true });
  }

  return {
    redirectUrl: `http://${host}${PATH}`,
    state,
    answer: () => come.promise,
    close() {
      for (const signal of [deadline, interrupted]) signal.removeEventListener('abort', over);
      lines.close();
      stdin.pause();
      server.close();
      server.closeAllConnections();
    },
  };
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
