import type { Fetched, FetchPart, JsonValue, Outcome } from '@cadre/sdk';
import type { CallRequest } from '../ports/action-runner.ts';
import type { Requested } from './answer-request.ts';
import { brokeredFetch, type FetchQuestions } from './brokered-fetch.ts';
import { askForHost, record } from './decide-wish.ts';
import { type InsertedLogin, insertSecrets } from './insert-secrets.ts';
import { maskPieces } from './masked-pieces.ts';

/** After its call was cancelled a server may still be told so, for a moment. */
const LAST_WORDS_MS = 2_000;

/** A request that Cadre makes for a worker. `tell`: hears what comes, where it comes as a stream of events. */
export async function answerFetch(
  request: Extract<CallRequest, { kind: 'fetch' }>,
  given: Requested,
  tell?: (part: FetchPart) => void,
): Promise<Outcome<JsonValue>> {
  const first = await fetchOnce(request, given, tell);
  const { login, fetched } = first;
  // A token may end before its time: then another one is asked for, once.
  const isRejected = login !== undefined && fetched.ok && fetched.output.status === 401;
  const answered = isRejected ? (await fetchOnce(request, given, tell, login)).fetched : fetched;
  const masked = given.edge.data(answered);
  // A refusal of the gate stands there already.
  if (!masked.ok && masked.failure.code !== 'denied') {
    const { code, message } = masked.failure;
    const what = { decision: 'allowed', rule: given.mask.text(message), outcome: code } as const;
    await record(undefined, 'fetch', hostOf(request.url), given, what);
  }
  return masked as Outcome<JsonValue>;
}

async function fetchOnce(
  request: Extract<CallRequest, { kind: 'fetch' }>,
  given: Requested,
  tell: ((part: FetchPart) => void) | undefined,
  rejected?: InsertedLogin,
): Promise<{ readonly fetched: Outcome<Fetched>; readonly login: InsertedLogin | undefined }> {
  const { limits, edge, subject } = given;
  let login: InsertedLogin | undefined;
  const ask: FetchQuestions = {
    host: (host, port) => askForHost(host, port, 'fetch', given),
    secrets: (names, url) => insertSecrets(names, url, given, (one) => (login = one), rejected),
  };
  const { requestMs } = subject.worker;
  const longer = requestMs === undefined ? limits : { ...limits, timeoutMs: requestMs };
  const { url, options, parts } = request;
  if (tell === undefined || parts !== true)
    return { fetched: await brokeredFetch(url, options, ask, longer, signalOf(given)), login };
  const pieces = maskPieces(edge, async (text) => tell({ text: String(text) }));
  const fetched = await brokeredFetch(url, options, ask, longer, signalOf(given), {
    begins: (head) => tell(edge.data(head)),
    piece: (text) => pieces.extend(text),
  });
  await pieces.end();
  return { fetched, login };
}

function signalOf({ signal, subject }: Requested): AbortSignal {
  return signal.aborted && subject.worker.requestMs !== undefined
    ? AbortSignal.timeout(LAST_WORDS_MS)
    : signal;
}

/** What else stands in an address may be meant for that host alone. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : 'no address';
}
