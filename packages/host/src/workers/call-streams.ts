import { performance } from 'node:perf_hooks';
import {
  CHUNK,
  CREDIT,
  type Credit,
  createCredit,
  type Failure,
  failure,
  type JsonValue,
  MOST_STREAMS,
  type Outcome,
  type StreamHandle,
  type StreamMessage,
  type StreamRequest,
  sizeOfPiece,
} from '@cadre/sdk';
import type { CallObserver, StreamSink } from '../ports/action-runner.ts';

/**
 * Partial results and streams of bytes of one call, on the host's side. The worker is not trusted.
 *
 * Invariants
 * 1. Of each stream, and of partial results, at most CREDIT bytes are held here: a worker that sends more than it has credit
 *    for has broken the protocol. It gets credit back when what it sent is stored.
 * 2. No more is sent to a worker than it has taken, but for CREDIT bytes.
 * 3. When the call is over nothing is left open: what was not closed is thrown away.
 */
export interface CallStreams {
  ask(request: StreamRequest): Promise<Outcome<JsonValue>>;
  extended(piece: JsonValue): Failure | undefined;
  /** Some of the bytes of a chunk; `done` is called when they are needed no more. */
  bytes(stream: string, bytes: Buffer, done: () => void): Failure | undefined;
  credit(stream: string, bytes: number): void;
  unread(stream: string): void;
  /** Resolves when nothing is open any more. */
  end(): Promise<void>;
}

interface Writing {
  readonly sink: StreamSink;
  readonly flow: Flow;
  work: Promise<void>;
  failed: Failure | undefined;
}

type Send = (message: StreamMessage, bytes?: Uint8Array) => void;

export function createCallStreams(call: string, observer: CallObserver, send: Send): CallStreams {
  const writing = new Map<string, Writing>();
  const reading = new Map<string, Credit>();
  const named = new Set<string>();
  const pieces = createFlow();

  async function open(
    request: Extract<StreamRequest, { kind: 'write-stream' }>,
  ): Promise<Outcome<JsonValue>> {
    const { stream, contentType, lossy, keep } = request;
    const refused = name(stream);
    if (refused !== undefined) return { ok: false, failure: refused };
    const opened = (await observer.streams?.write({ contentType, lossy, keep })) ?? NOWHERE;
    if (!opened.ok) return opened;
    writing.set(stream, {
      sink: opened.output,
      flow: createFlow(),
      work: Promise.resolve(),
      failed: undefined,
    });
    return { ok: true, output: true };
  }

  function name(stream: string): Failure | undefined {
    if (named.has(stream)) return failure('worker_fault', `the stream ${stream} was opened before`);
    if (writing.size + reading.size >= MOST_STREAMS) {
      return failure('too_large', `more than ${MOST_STREAMS} streams are open at once`, {
        hint: 'close some before others are opened',
      });
    }
    named.add(stream);
    return undefined;
  }

  async function close(stream: string, dropped: number): Promise<Outcome<JsonValue>> {
    const found = writing.get(stream);
    if (found === undefined)
      return { ok: false, failure: failure('not_found', `no stream ${stream} is open`) };
    writing.delete(stream);
    await found.work;
    if (found.failed !== undefined) {
      await found.sink.discard();
      return { ok: false, failure: found.failed };
    }
    const handle = await found.sink.close(dropped);
    const { waits, waitedMs } = found.flow;
    observer.log('debug', 'a stream was written', { ...handle, waits, waitedMs: Math.round(waitedMs) });
    return { ok: true, output: { ...handle } };
  }

  async function read(stream: string, handle: StreamHandle): Promise<Outcome<JsonValue>> {
    const refused = name(stream);
    if (refused !== undefined) return { ok: false, failure: refused };
    const found = (await observer.streams?.read(handle)) ?? NOWHERE;
    if (!found.ok) return found;
    const credit = createCredit();
    reading.set(stream, credit);
    // After the answer, which names the stream to the worker.
    setImmediate(() => void sendAll(stream, found.output, credit));
    return { ok: true, output: true };
  }

  async function sendAll(stream: string, source: AsyncIterable<Uint8Array>, credit: Credit): Promise<void> {
    try {
      for await (const chunk of source) {
        await credit.take(chunk.length);
        send({ type: 'chunk', call, stream, bytes: chunk.length }, chunk);
      }
      send({ type: 'end', call, stream });
    } catch (error) {
      const why = failure('not_found', error instanceof Error ? error.message : String(error));
      send({ type: 'end', call, stream, failure: why });
    }
    reading.delete(stream);
  }

  return {
    ask(request) {
      switch (request.kind) {
        case 'write-stream':
          return open(request);
        case 'close-stream':
          return close(request.stream, request.dropped);
        case 'read-stream':
          return read(request.stream, request.handle);
      }
    },
    extended(piece) {
      const size = sizeOfPiece(piece);
      if (!pieces.take(size)) return overdrawn('partial results');
      const kept = observer.extend?.(piece) ?? Promise.resolve();
      // Whoever stores them tells the attempt when it cannot.
      void kept
        .catch(() => undefined)
        .then(() => {
          pieces.give(size);
          send({ type: 'credit', call, bytes: size });
        });
      return undefined;
    },
    bytes(stream, bytes, done) {
      const { length } = bytes;
      const found = writing.get(stream);
      const refused =
        found === undefined || found.flow.take(length) ? undefined : overdrawn(`the stream ${stream}`);
      if (found === undefined || refused !== undefined) {
        done();
        return refused;
      }
      found.work = found.work.then(async () => {
        try {
          if (found.failed === undefined) await found.sink.write(bytes);
        } catch (error) {
          found.failed = writeFailure(error);
        }
        done();
        found.flow.give(length);
        send({ type: 'credit', call, stream, bytes: length });
      });
      return undefined;
    },
    credit: (stream, bytes) => reading.get(stream)?.give(bytes),
    unread: (stream) => reading.get(stream)?.end(),
    async end() {
      for (const credit of reading.values()) credit.end();
      const left = [...writing.values()];
      writing.clear();
      await Promise.all(left.map(({ work, sink }) => work.then(() => sink.discard())));
      const { waits, waitedMs } = pieces;
      if (waits === 0) return;
      observer.log('debug', 'partial results were held back', { waits, waitedMs: Math.round(waitedMs) });
    },
  };
}

interface Flow {
  /** False: that is more than there was credit for. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** How often, and how long, there was no credit for a further chunk. */
  readonly waits: number;
  readonly waitedMs: number;
}

function createFlow(): Flow {
  let held = 0;
  let waits = 0;
  let waitedMs = 0;
  let since: number | undefined;
  return {
    take(bytes) {
      held += bytes;
      if (held + CHUNK > CREDIT && since === undefined) {
        since = performance.now();
        waits += 1;
      }
      return held <= CREDIT;
    },
    give(bytes) {
      held -= bytes;
      if (since === undefined || held + CHUNK > CREDIT) return;
      waitedMs += performance.now() - since;
      since = undefined;
    },
    get waits() {
      return waits;
    },
    get waitedMs() {
      return waitedMs;
    },
  };
}

const NOWHERE: Outcome<never> = {
  ok: false,
  failure: failure('not_configured', 'there is nowhere to keep streams of this call'),
};

function overdrawn(what: string): Failure {
  return failure('worker_fault', `it sent more of ${what} than it had credit for`, {
    hint: 'this is a fault of the worker: tell its author',
  });
}

function writeFailure(error: unknown): Failure {
  const code =
    error instanceof Error && 'code' in error && error.code === 'ENOSPC' ? 'disk_full' : 'worker_fault';
  const reason = error instanceof Error ? error.message : String(error);
  return failure(code, `the stream could not be kept: ${reason}`);
}
