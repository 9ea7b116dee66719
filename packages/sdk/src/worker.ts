import { setTimeout } from 'node:timers/promises';
import { type CallChannel, performCall } from './call.ts';
import type { CallStreams } from './call-streams.ts';
import { CONNECT_MODE, connectOut } from './connect-out.ts';
import type { FetchPart } from './context.ts';
import type { Worker } from './define-worker.ts';
import { ActionError, toFailure } from './failure.ts';
import { forwardProxy } from './forward-proxy.ts';
import type { JsonValue } from './json.ts';
import { createLife } from './life.ts';
import {
  type HostMessage,
  MAX_LINE_BYTES,
  OLDEST_PROTOCOL,
  PROTOCOL_OF,
  type StreamMessage,
  type WorkerMessage,
} from './protocol.ts';
import { readFrames } from './read-frames.ts';
import { tellRefusals } from './tell-refusals.ts';

/**
 * Makes this process a worker: speaks the protocol on standard input and output until the host says `stop` or goes.
 * Invariants:
 * 1. Standard output carries protocol lines only; `console` writes to standard error.
 * 2. Each call is answered once, by `succeeded` or `failed`.
 * 3. When standard input ends every call is aborted and the process exits, after what the worker does at its end.
 * Started as the proxy command of ssh it connects and nothing else: ssh in a sandbox can count on no other program.
 */
export function serve(worker: Worker): void {
  const [, , mode, ...modeArguments] = process.argv;
  if (mode === CONNECT_MODE) return void connectOut(modeArguments);
  const write = process.stdout.write.bind(process.stdout);
  globalThis.console = new console.Console(process.stderr, process.stderr);
  const send = (message: WorkerMessage) => write(`${encode(message)}\n`);

  const life = createLife(worker, send);
  const calls = new Map<string, { readonly controller: AbortController; readonly over: Promise<void> }>();
  const streams = new Map<string, CallStreams['hear']>();
  const questions = new Map<
    string,
    { answer(value: JsonValue): void; refuse(error: Error): void; part?: (part: FetchPart) => void }
  >();
  let asked = 0;
  let protocol: number = OLDEST_PROTOCOL;

  const channel = (call: string): CallChannel => ({
    protocol,
    send,
    sendChunk(message, bytes) {
      // Nothing can come in between: both are handed over in one turn. That the host is gone is told by standard input.
      send(message);
      return new Promise((resolve) => write(bytes, () => resolve()));
    },
    listen: (hear) => void streams.set(call, hear),
    ask: (body, part) =>
      new Promise((answer, refuse) => {
        const request = `${call}:${++asked}`;
        questions.set(request, { answer, refuse, ...(part === undefined ? {} : { part }) });
        send({ type: 'request', call, request, body });
      }),
  });

  tellRefusals(
    () => [...calls.keys()].at(-1),
    (call, permission, resource) => send({ type: 'refused', call, permission, resource }),
  );

  const perform = async (message: Extract<HostMessage, { type: 'call' }>) => {
    const controller = new AbortController();
    const { promise: over, resolve: isOver } = Promise.withResolvers<void>();
    calls.set(message.call, { controller, over });
    const end = await performCall(worker, message, controller.signal, channel(message.call));
    isOver();
    calls.delete(message.call);
    streams.delete(message.call);
    send(end);
  };

  /** Programs get their grace period; the host's own deadline ends what does not listen. */
  const endCalls = async () => {
    const overs = [...calls.values()].map(({ controller, over }) => {
      controller.abort(new Error('the worker is to end'));
      return over;
    });
    if (overs.length > 0) await Promise.race([Promise.all(overs), setTimeout(2_500)]);
  };

  const shutDown = async (code: number) => {
    await endCalls();
    await life.end();
    process.exit(code);
  };
  if (worker.dispose !== undefined) {
    process.on('uncaughtException', (error) => {
      console.error(error);
      void shutDown(1);
    });
  }

  const hook = async ({ hook, context }: Extract<HostMessage, { type: 'hook' }>) => {
    if (hook === 'stop' || hook === 'dispose') await endCalls();
    const failed = await life.run(hook, context);
    send({ type: 'hooked', hook, ...(failed === undefined ? {} : { failure: failed }) });
  };

  const greet = async () => {
    await openWayOut();
    send({
      type: 'ready',
      // An older host would never call its hooks: it is to say so at once.
      protocol: life.hooks.length === 0 ? OLDEST_PROTOCOL : PROTOCOL_OF.hooks,
      worker: worker.id,
      actions: Object.keys(worker.actions),
      ...(life.hooks.length === 0 ? {} : { hooks: life.hooks }),
    });
  };

  const handle = (message: HostMessage) => {
    switch (message.type) {
      case 'hello':
        protocol = message.protocol;
        return void greet();
      case 'call':
        return void perform(message);
      case 'hook':
        return void hook(message);
      case 'cancel':
        return calls.get(message.call)?.controller.abort(new Error(message.reason));
      case 'answer':
        questions.get(message.request)?.answer(message.value);
        return questions.delete(message.request);
      case 'part':
        return questions.get(message.request)?.part?.(message.part);
      case 'refusal': {
        const { code, message: text, ...extras } = message.failure;
        questions.get(message.request)?.refuse(new ActionError(code, text, extras));
        return questions.delete(message.request);
      }
      case 'credit':
      case 'end':
        return streams.get(message.call)?.(message);
      case 'chunk':
        return;
      case 'stop':
        return void shutDown(0);
    }
  };

  let chunk: Extract<StreamMessage, { type: 'chunk' }> | undefined;
  readFrames(process.stdin, Number.POSITIVE_INFINITY, {
    line(text) {
      const message = JSON.parse(text) as HostMessage;
      handle(message);
      chunk = message.type === 'chunk' ? message : undefined;
      return chunk?.bytes;
    },
    bytes(bytes) {
      if (chunk !== undefined) streams.get(chunk.call)?.(chunk, bytes);
    },
    tooLong: () => undefined,
    end: () => void shutDown(0),
  });
}

/** An output that is no JSON, or too long for a line, becomes a failure: a call must be answered. */
function encode(message: WorkerMessage): string {
  if (message.type !== 'succeeded') return JSON.stringify(message);
  try {
    const line = JSON.stringify(message);
    if (Buffer.byteLength(line) < MAX_LINE_BYTES) return line;
    throw new ActionError('output_too_large', `the output has more than ${MAX_LINE_BYTES} bytes`);
  } catch (error) {
    return JSON.stringify({ type: 'failed', call: message.call, failure: toFailure(error) });
  }
}

/** Where the host lets programs out, they are told the way: those that an action runs inherit these variables. */
async function openWayOut(): Promise<void> {
  const socket = process.env['CADRE_PROXY_SOCKET'];
  if (socket === undefined) return;
  delete process.env['CADRE_PROXY_SOCKET'];
  Object.assign(process.env, await forwardProxy(socket));
}
