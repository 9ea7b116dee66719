import { createHash } from 'node:crypto';
import type { CallStreams } from './call-streams.ts';
import { sizeOfPiece } from './envelope.ts';
import { ActionError } from './failure.ts';
import type { JsonValue } from './json.ts';
import type { StreamRequest, WorkerMessage, WorkerRequest } from './protocol.ts';
import { CHUNK } from './stream-handle.ts';

/** For a worker's own tests: the host's side of streams, in memory. */
export interface HeldStreams {
  /** By the `$stream` of their handles. */
  readonly written: Map<string, Buffer>;
  isStreamRequest(body: WorkerRequest): body is StreamRequest;
  ask(body: StreamRequest): Promise<JsonValue>;
  take(message: WorkerMessage, bytes?: Uint8Array): void;
  listen(hear: CallStreams['hear']): void;
}

export function heldStreams(given: Readonly<Record<string, Uint8Array>>): HeldStreams {
  const written = new Map<string, Buffer>();
  const open = new Map<string, { readonly contentType: string; readonly chunks: Uint8Array[] }>();
  let hear: CallStreams['hear'] = () => undefined;

  return {
    written,
    isStreamRequest: (body): body is StreamRequest => body.kind.endsWith('-stream'),
    async ask(body) {
      const { stream } = body;
      if (body.kind === 'write-stream') {
        open.set(stream, { contentType: body.contentType, chunks: [] });
        return true;
      }
      if (body.kind === 'read-stream') {
        const bytes = given[body.handle.$stream];
        if (bytes === undefined) throw new ActionError('not_found', `no stream ${body.handle.$stream}`);
        setImmediate(() => {
          for (let start = 0; start < bytes.length; start += CHUNK) {
            const chunk = bytes.subarray(start, start + CHUNK);
            hear({ type: 'chunk', call: 'test', stream, bytes: chunk.length }, chunk);
          }
          hear({ type: 'end', call: 'test', stream });
        });
        return true;
      }
      const { contentType, chunks } = open.get(stream) ?? { contentType: '', chunks: [] };
      const bytes = Buffer.concat(chunks);
      const id = `stream_${written.size + 1}`;
      written.set(id, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return {
        $stream: id,
        contentType,
        size: bytes.length,
        sha256,
        ...(body.dropped > 0 ? { dropped: body.dropped } : {}),
      };
    },
    take(message, bytes) {
      if (message.type === 'extended') {
        hear({ type: 'credit', call: 'test', bytes: sizeOfPiece(message.piece) });
      }
      if (message.type !== 'chunk' || bytes === undefined) return;
      open.get(message.stream)?.chunks.push(Uint8Array.from(bytes));
      hear({ type: 'credit', call: 'test', stream: message.stream, bytes: bytes.length });
    },
    listen(listener) {
      hear = listener;
    },
  };
}
