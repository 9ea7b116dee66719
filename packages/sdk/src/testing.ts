import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performCall } from './call.ts';
import type { Fetched } from './context.ts';
import type { Worker } from './define-worker.ts';
import type { Effect } from './effect.ts';
import { ActionError, type Outcome } from './failure.ts';
import { fillParts } from './fetch-text.ts';
import { heldStreams } from './held-streams.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { createLife, type Life } from './life.ts';
import {
  type CallContext,
  type CalledAction,
  PROTOCOL_VERSION,
  type WorkerMessage,
  type WorkerRequest,
} from './protocol.ts';

export interface Tried {
  readonly outcome: Outcome<JsonValue>;
  readonly effects: readonly Effect[];
  readonly messages: readonly WorkerMessage[];
  /** What it wrote as streams, by the `$stream` of their handles. */
  readonly streams: ReadonlyMap<string, Buffer>;
}

export interface TryOptions extends Partial<CallContext> {
  readonly workspace: string;
  readonly signal?: AbortSignal;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Streams that its input names, by the `$stream` of their handles. */
  readonly streams?: Readonly<Record<string, Uint8Array>>;
  /** Outputs whose schema says `format: artifact`, and what is in them: the files they name are sent as streams. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * What answers when it calls other actions: a function by the name of the action (`git/status`), or a worker by its id, whose action is
   * then performed with the same options. Whatever else it calls is refused.
   */
  readonly calls?: Readonly<Record<string, Worker | ((input: JsonObject) => unknown)>>;
  /** Answers the worker's HTTP requests; default: the real `fetch`. */
  readonly fetch?: (url: string, options: object) => Promise<Fetched>;
}

/**
 * Tries an action in this process, with real programs and files and without the gate: for a worker's own tests. The worker's hooks are
 * called around it.
 */
export async function runAction(
  worker: Worker,
  action: string,
  input: object,
  options: TryOptions,
): Promise<Tried> {
  const { signal = new AbortController().signal, secrets = {}, fetch = fetchText, ...rest } = options;
  const { streams = {}, files = {}, calls = {}, ...given } = rest;
  const wire = heldStreams(streams);
  const messages: WorkerMessage[] = [];
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), 'cadre-data-')));
  const context: CallContext = {
    mode: 'apply',
    run: 'test',
    step: 'test',
    attempt: 1,
    idempotencyKey: 'test',
    config: {},
    ...given,
    dataDir,
  };
  const secretOf = (name: string) => {
    const value = secrets[name];
    if (value === undefined) throw new ActionError('not_found', `no secret ${name}`);
    return value;
  };
  const called: Effect[] = [];
  const answerCall = async ({ uses, input: ofCall }: CalledAction): Promise<JsonValue> => {
    const [id = '', name = ''] = uses.split('/');
    const answer = calls[uses] ?? calls[id];
    if (answer === undefined)
      throw new ActionError('denied', `${uses} is not among the calls that the test answers`);
    if (typeof answer === 'function') return asJson(await answer(asJson(ofCall) as JsonObject));
    const { outcome, effects } = await runAction(answer, name, asJson(ofCall) as JsonObject, {
      ...options,
      files: {},
    });
    called.push(...effects);
    if (outcome.ok) return outcome.output;
    const { code, message, ...extras } = outcome.failure;
    throw new ActionError(code, message, extras);
  };
  const ask = async (body: WorkerRequest): Promise<JsonValue> => {
    if (body.kind === 'call') return answerCall(body);
    if (body.kind === 'exec' || body.kind === 'connect') return true;
    if (wire.isStreamRequest(body)) return wire.ask(body);
    if (body.kind === 'ssh') throw new ActionError('denied', 'ssh is granted by a host, and there is none');
    if (body.kind === 'fetch') {
      const { query, ...filled } = fillParts(body.options, secretOf);
      const url = new URL(body.url);
      for (const [name, value] of query) url.searchParams.append(name, value);
      const { method, timeoutMs } = body.options;
      const plain = { ...filled, ...(method && { method }), ...(timeoutMs && { timeoutMs }) };
      return (await fetch(url.href, plain)) as unknown as JsonValue;
    }
    return secretOf(body.name);
  };
  const send = (message: WorkerMessage) => {
    messages.push(message);
    wire.take(message);
  };
  const life = createLife(worker, send);
  const end = await aroundIt(life, context, () =>
    performCall(worker, { call: 'test', action, input: input as JsonObject, context, files }, signal, {
      protocol: PROTOCOL_VERSION,
      send,
      async sendChunk(message, bytes) {
        messages.push(message);
        wire.take(message, bytes);
      },
      ask,
      listen: wire.listen,
    }),
  );
  if (given.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  // What crosses to the host is JSON; a test should see what the host would see.
  const outcome: Outcome<JsonValue> =
    end.type === 'succeeded'
      ? { ok: true, output: asJson(end.output) }
      : { ok: false, failure: (end as Extract<WorkerMessage, { type: 'failed' }>).failure };
  const effects = messages.flatMap((message) => (message.type === 'effect' ? [message.effect] : []));
  return { outcome, effects: [...effects, ...called], messages, streams: wire.written };
}

function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}

async function aroundIt(
  life: Life,
  { dataDir, config }: CallContext,
  perform: () => Promise<WorkerMessage>,
): Promise<WorkerMessage> {
  const given = { dataDir, config };
  const begun = (await life.run('init', given)) ?? (await life.run('start', given));
  const end: WorkerMessage =
    begun === undefined ? await perform() : { type: 'failed', call: 'test', failure: begun };
  const ended = [await life.run('stop', given), await life.run('dispose', given)];
  const failed = ended.find((one) => one !== undefined);
  return end.type === 'succeeded' && failed !== undefined
    ? { type: 'failed', call: 'test', failure: failed }
    : end;
}

async function fetchText(url: string, options: object): Promise<Fetched> {
  const response = await fetch(url, options);
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}
