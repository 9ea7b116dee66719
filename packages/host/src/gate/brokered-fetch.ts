import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Fetched, type FetchOptions, failure, type Outcome } from '@cadre/sdk';

export interface FetchLimits {
  readonly bytes: number;
  readonly timeoutMs: number;
  readonly redirects: number;
}

export const FETCH_LIMITS: FetchLimits = { bytes: 10 * 1024 * 1024, timeoutMs: 30_000, redirects: 10 };

/** Decides whether a host may be reached and answers the address to use for it. */
export type AskForHost = (host: string, port: number) => Promise<Outcome<string>>;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Never sent to another origin than the one they were meant for. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);
const OURS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding']);

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * An HTTP request on behalf of a worker. Each host on the way, redirects included, is asked for before it is connected to.
 * Failures: `invalid_input`, `denied`, `timeout`, `too_large`, `provider_failed`.
 */
export async function brokeredFetch(
  address: string,
  options: FetchOptions,
  ask: AskForHost,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<Outcome<Fetched>> {
  const timeoutMs = Math.min(options.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
  const deadline = AbortSignal.timeout(timeoutMs);
  const url = parseAddress(address);
  if (url === undefined) return refuse('invalid_input', `${address} is not an http or https address`);
  let hop: Hop = {
    url,
    method: (options.method ?? 'GET').toUpperCase(),
    headers: lower(options.headers),
    body: options.body,
  };
  try {
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      const to = await ask(hop.url.hostname, portOf(hop.url));
      if (!to.ok) return to;
      const response = await send(hop, to.output, AbortSignal.any([signal, deadline]));
      const next = nextHop(hop, response);
      if (next === undefined) return await receive(response, limits.bytes);
      response.destroy();
      if (typeof next === 'string') return refuse('provider_failed', next);
      hop = next;
    }
    return refuse('provider_failed', `${address} redirects more than ${limits.redirects} times`);
  } catch (error) {
    if (deadline.aborted)
      return refuse('timeout', `${hop.url.host} did not answer within ${timeoutMs} ms`, true);
    const reason = error instanceof Error ? error.message : String(error);
    return refuse('provider_failed', `${hop.url.host} could not be asked: ${reason}`, true);
  }
}

function parseAddress(address: string, from?: string): URL | undefined {
  if (!URL.canParse(address, from)) return undefined;
  const url = new URL(address, from);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

function lower(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !OURS.has(name)),
  );
}

async function send(
  { url, method, headers, body }: Hop,
  address: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Loaded when needed: naming it above costs every command some 30 ms.
  const module = url.protocol === 'https:' ? 'node:https' : 'node:http';
  const { request } = (await import(module)) as typeof import('node:https');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: address,
      port: portOf(url),
      path: `${url.pathname}${url.search}`,
      method,
      // The certificate must be that of the name, although the connection goes to the address.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      headers: { ...headers, host: url.host, 'accept-encoding': 'identity' },
      agent: false,
      signal,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Undefined: this is the answer. A text: why it cannot be followed. */
function nextHop(hop: Hop, response: IncomingMessage): Hop | string | undefined {
  const { location } = response.headers;
  if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return undefined;
  const url = parseAddress(location, hop.url.href);
  if (url === undefined)
    return `${hop.url.host} redirects to ${location}, which is not an http or https address`;
  const becomesGet =
    response.statusCode === 303 || (hop.method === 'POST' && (response.statusCode ?? 0) < 303);
  const isSame = url.origin === hop.url.origin;
  const kept = Object.entries(hop.headers).filter(([name]) => isSame || !CREDENTIALS.has(name));
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? undefined : hop.body,
  };
}

async function receive(response: IncomingMessage, limit: number): Promise<Outcome<Fetched>> {
  const chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    held += chunk.length;
    if (held > limit) return refuse('too_large', `the answer has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return {
    ok: true,
    output: {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(headers),
      body: Buffer.concat(chunks).toString('utf8'),
    },
  };
}

function refuse(
  code: string,
  message: string,
  retryable = false,
): { ok: false; failure: ReturnType<typeof failure> } {
  return { ok: false, failure: failure(code, message, { retryable }) };
}
