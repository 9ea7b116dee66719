import type { CallChannel } from './call.ts';
import type { StreamWriter } from './context.ts';
import { type Credit, createCredit } from './credit.ts';
import { sizeOfPiece } from './envelope.ts';
import { ActionError, type Failure } from './failure.ts';
import type { JsonValue } from './json.ts';
import type { StreamMessage } from './protocol.ts';
import { CHUNK, CREDIT, type StreamHandle, type StreamOptions } from './stream-handle.ts';

/**
 * Partial results and streams of bytes of one call, on the worker's side.
 *
 * Invariants
 * 1. No more is under way than the host gave credit for: in each stream, and of partial results.
 * 2. What is read and not yet taken is never more than CREDIT; credit is given back when it is taken.
 * 3. In a lossy stream whole frames are dropped, the oldest first, and never one that was begun.
 */
export interface CallStreams {
  extend(piece: JsonValue): Promise<void>;
  write(options: StreamOptions): Promise<StreamWriter>;
  read(handle: StreamHandle): AsyncGenerator<Uint8Array>;
  /** What the host says of the streams of this call. */
  hear(message: StreamMessage, bytes?: Uint8Array): void;
  /** The call is over. */
  end(): void;
}

interface Incoming {
  readonly chunks: Uint8Array[];
  ended: { readonly failure?: Failure } | undefined;
  wake: () => void;
}

export function createCallStreams(
  call: string,
  channel: Pick<CallChannel, 'send' | 'sendChunk' | 'ask'>,
): CallStreams {
  const pieces = createCredit();
  const outgoing = new Map<string, Credit>();
  const incoming = new Map<string, Incoming>();
  let opened = 0;

  function send(stream: string, bytes: Uint8Array): Promise<void> {
    return channel.sendChunk({ type: 'chunk', call, stream, bytes: bytes.length }, bytes);
  }

  async function* read(handle: StreamHandle): AsyncGenerator<Uint8Array> {
    const stream = `s${++opened}`;
    const arrived: Incoming = { chunks: [], ended: undefined, wake: () => undefined };
    incoming.set(stream, arrived);
    try {
      await channel.ask({ kind: 'read-stream', stream, handle: { ...handle } });
      for (;;) {
        const chunk = arrived.chunks.shift();
        if (chunk !== undefined) {
          yield chunk;
          channel.send({ type: 'credit', call, stream, bytes: chunk.length });
        } else if (arrived.ended !== undefined) {
          const { failure } = arrived.ended;
          if (failure !== undefined) throw new ActionError(failure.code, failure.message, failure);
          return;
        } else await new Promise<void>((resolve) => (arrived.wake = resolve));
      }
    } finally {
      incoming.delete(stream);
      if (arrived.ended === undefined) channel.send({ type: 'unread', call, stream });
    }
  }

  async function write(options: StreamOptions): Promise<StreamWriter> {
    const stream = `s${++opened}`;
    const credit = createCredit();
    outgoing.set(stream, credit);
    const { contentType, lossy = false, keep = true } = options;
    await channel.ask({ kind: 'write-stream', stream, contentType, lossy, keep });
    const close = async (dropped: number): Promise<StreamHandle> => {
      outgoing.delete(stream);
      return (await channel.ask({ kind: 'close-stream', stream, dropped })) as unknown as StreamHandle;
    };
    const sendAll = async (bytes: Uint8Array) => {
      for (let start = 0; start < bytes.length; start += CHUNK) {
        const chunk = bytes.subarray(start, start + CHUNK);
        await credit.take(chunk.length);
        await send(stream, chunk);
      }
    };
    return lossy ? lossyWriter(sendAll, close) : { write: sendAll, close: () => close(0) };
  }

  return {
    async extend(piece) {
      for (const part of typeof piece === 'string' ? textParts(piece) : [piece]) {
        const size = sizeOfPiece(part);
        if (size > CHUNK) {
          throw new ActionError('too_large', `a part of a result has ${size} bytes, and ${CHUNK} at most`, {
            hint: 'hand it over in smaller parts, or as a stream of bytes',
          });
        }
        await pieces.take(size);
        channel.send({ type: 'extended', call, piece: part });
      }
    },
    write,
    read,
    hear(message, bytes) {
      const { stream } = message;
      if (message.type === 'credit') {
        const credit = stream === undefined ? pieces : outgoing.get(stream);
        return credit?.give(message.bytes);
      }
      const arrived = incoming.get(stream ?? '');
      if (arrived === undefined) return;
      if (message.type === 'end') arrived.ended = message;
      else if (bytes !== undefined) arrived.chunks.push(bytes);
      arrived.wake();
    },
    end() {
      pieces.end();
      for (const credit of outgoing.values()) credit.end();
      for (const arrived of incoming.values()) {
        arrived.ended ??= { failure: { code: 'cancelled', message: 'the call is over', retryable: false } };
        arrived.wake();
      }
    },
  };
}

/** Never waits in `write`: what there is no credit for stands in line, and the line has an end. */
function lossyWriter(
  sendAll: (frame: Uint8Array) => Promise<void>,
  close: (dropped: number) => Promise<StreamHandle>,
): StreamWriter {
  const line: Uint8Array[] = [];
  let held = 0;
  let dropped = 0;
  let sending: Promise<void> | undefined;

  async function sendLine(): Promise<void> {
    for (let frame = line.shift(); frame !== undefined; frame = line.shift()) {
      held -= frame.length;
      await sendAll(frame);
    }
    sending = undefined;
  }

  return {
    async write(frame) {
      if (frame.length > CREDIT) {
        throw new ActionError('too_large', `a frame has ${frame.length} bytes, and ${CREDIT} at most`);
      }
      // Whoever writes may use its buffer again at once.
      line.push(Uint8Array.from(frame));
      held += frame.length;
      while (held > CREDIT) {
        held -= line.shift()?.length ?? 0;
        dropped += 1;
      }
      sending ??= sendLine();
      // Whoever closes hears of it.
      sending.catch(() => undefined);
    },
    async close() {
      await sending;
      return close(dropped);
    },
  };
}

/** Each of at most CHUNK bytes, cut between characters. */
function* textParts(text: string): Generator<string> {
  let part = '';
  let size = 0;
  if (Buffer.byteLength(text) <= CHUNK) {
    if (text !== '') yield text;
    return;
  }
  for (const character of text) {
    const bytes = Buffer.byteLength(character);
    if (size + bytes > CHUNK) {
      yield part;
      part = '';
      size = 0;
    }
    part += character;
    size += bytes;
  }
  if (part !== '') yield part;
}
