import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Fetched, type FetchOptions, type FetchText, failure, type Outcome } from '@cadre/sdk';
import {
  type FetchParts,
  type FilledParts,
  fillParts,
  hasReference,
  referencesIn,
} from '@cadre/sdk/fetch-text';

export interface FetchLimits {
  readonly bytes: number;
  readonly timeoutMs: number;
  readonly redirects: number;
  /** False: what redirects is the answer. */
  readonly follow?: boolean;
}

export const FETCH_LIMITS: FetchLimits = { bytes: 10 * 1024 * 1024, timeoutMs: 30_000, redirects: 10 };

/** Decides whether a host may be reached and answers the address to use for it. */
export type AskForHost = (host: string, port: number) => Promise<Outcome<string>>;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Never sent to another origin than the one they were meant for. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);
const OURS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding']);

/** Answers the values of secrets, by name, that may be put into a request to this host. */
export type AskForSecrets = (
  names: readonly string[],
  url: URL,
) => Promise<Outcome<ReadonlyMap<string, string>>>;

export interface FetchQuestions {
  readonly host: AskForHost;
  readonly secrets: AskForSecrets;
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly parts: FetchParts;
}

/** Whoever hears a stream of events while it comes. */
export interface Hearing {
  begins(head: Pick<Fetched, 'status' | 'headers'>): void;
  piece(text: string): Promise<void>;
}

/**
 * An HTTP request on behalf of a worker. Each host on the way, redirects included, is asked for before it is connected to, and so is each
 * secret that is put into what is sent to it.
 * Failures: `invalid_input`, `denied`, `not_found`, `timeout`, `too_large`, `provider_failed`.
 */
export async function brokeredFetch(
  address: string,
  options: FetchOptions,
  ask: FetchQuestions,
  limits: FetchLimits,
  signal: AbortSignal,
  hearing?: Hearing,
): Promise<Outcome<Fetched>> {
  const timeoutMs = Math.min(options.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
  const deadline = AbortSignal.timeout(timeoutMs);
  const url = parseAddress(address);
  if (url === undefined) return refuse('invalid_input', `${address} is not an http or https address`);
  if (options.body !== undefined && options.json !== undefined)
    return refuse('invalid_input', 'a request has a body or JSON, and not both');
  const { headers, query, body, json, basic } = options;
  let hop: Hop = {
    url,
    method: (options.method ?? 'GET').toUpperCase(),
    parts: {
      headers: lower(headers),
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(json === undefined ? {} : { json }),
      ...(basic === undefined ? {} : { basic }),
    },
  };
  try {
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      const to = await ask.host(hop.url.hostname, portOf(hop.url));
      if (!to.ok) return to;
      const filled = await fill(hop, ask.secrets);
      if (!filled.ok) return filled;
      const response = await send(filled.output, to.output, AbortSignal.any([signal, deadline]));
      const next = limits.follow === false ? undefined : nextHop(hop, response);
      if (next === undefined) return await receive(response, limits.bytes, hearing);
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

/** What is sent: from here on the values of secrets stand in it. */
type Sent = Omit<Hop, 'parts'> & Omit<FilledParts, 'query'>;

async function fill({ url, method, parts }: Hop, askForSecrets: AskForSecrets): Promise<Outcome<Sent>> {
  const names = referencesIn(parts);
  const values = names.length === 0 ? NO_SECRETS : await askForSecrets(names, url);
  if (!values.ok) return values;
  const { query, ...filled } = fillParts(parts, (name) => values.output.get(name) ?? '');
  const whole = new URL(url);
  for (const [name, value] of query) whole.searchParams.append(name, value);
  return { ok: true, output: { ...filled, url: whole, method } };
}

const NO_SECRETS: Outcome<ReadonlyMap<string, string>> = { ok: true, output: new Map() };

function lower(headers: NonNullable<FetchOptions['headers']> = {}): Record<string, FetchText> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !OURS.has(name)),
  );
}

async function send(
  { url, method, headers, body }: Sent,
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
  const { headers = {}, body, json, basic } = hop.parts;
  const kept = Object.entries(headers).filter(
    ([name, value]) => isSame || !(CREDENTIALS.has(name) || hasReference(value)),
  );
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    // The address that it is led to has its own query. A body goes along, and its secrets are asked for again.
    parts: {
      headers: Object.fromEntries(kept),
      ...(becomesGet || body === undefined ? {} : { body }),
      ...(becomesGet || json === undefined ? {} : { json }),
      ...(isSame && basic !== undefined ? { basic } : {}),
    },
  };
}

async function receive(
  response: IncomingMessage,
  limit: number,
  hearing: Hearing | undefined,
): Promise<Outcome<Fetched>> {
  const head = headOf(response);
  const isHeard =
    hearing !== undefined &&
    head.status === 200 &&
    /^text\/event-stream\b/i.test(head.headers['content-type'] ?? '');
  if (isHeard) hearing.begins(head);
  const decoder = new TextDecoder();
  const chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    held += chunk.length;
    if (held > limit) return refuse('too_large', `the answer has more than ${limit} bytes`);
    if (isHeard) await hearing.piece(decoder.decode(chunk, { stream: true }));
    else chunks.push(chunk);
  }
  return { ok: true, output: { ...head, body: Buffer.concat(chunks).toString('utf8') } };
}

function headOf(response: IncomingMessage): Pick<Fetched, 'status' | 'headers'> {
  const headers = Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers) };
}

function refuse(
  code: string,
  message: string,
  retryable = false,
): { ok: false; failure: ReturnType<typeof failure> } {
  return { ok: false, failure: failure(code, message, { retryable }) };
}
