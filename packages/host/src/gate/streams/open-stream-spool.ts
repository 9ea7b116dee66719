import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPieces } from '@cadre/kit/files';
import {
  CHUNK,
  CREDIT,
  failure,
  isStreamHandle,
  type JsonValue,
  type Outcome,
  type StreamHandle,
} from '@cadre/sdk';
import type { CallStreamPlace, StreamSink } from '../../ports/action-runner.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OpenBytes, WrittenStream } from '../../ports/gate.ts';

/**
 * Streams of bytes that the steps of a run write, as files in Cadre's own folder, which no worker sees. Those that stand in a
 * result become artifacts, which is beyond the gate; what they are is then told with the call.
 *
 * Invariants
 * 1. A stream is read only by a call that was given its handle: of one that lies here in the run that it was written in (or
 *    in one that shares its root), of an artifact by Cadre itself. What is read is what was written, proved by its hash.
 * 2. Memory is bounded by what one write has, whatever the size of the stream.
 * 3. Nothing of a run is left here when it is over.
 */
export interface StreamSpool {
  /** For one call of the run `root`, that was given this input. */
  placeFor(root: string, input: JsonValue, given?: ReadonlyMap<string, OpenBytes>): CallStreams;
  /** Throws away every stream of a run. */
  remove(root: string): Promise<void>;
}

export interface CallStreams {
  readonly place: CallStreamPlace;
  /** Those that the call has written, or that came to it, and that are to be kept. */
  written(): readonly WrittenStream[];
  /** Whether the call has to do with it: it was given to it, written by it, or came to it. */
  has(name: string): boolean;
  /** What an action that the call called has written, and what stands in its answer, is from now on the call's own. */
  take(written: readonly WrittenStream[], handles: readonly StreamHandle[]): void;
}

/** A handle is what some worker said: it must not lead anywhere else. */
const NAME = /^stream_[0-9a-z]+$/;

export function openStreamSpool(folder: string, clock: Clock): StreamSpool {
  const fileOf = (root: string, id: string) => join(folder, root, id);

  async function write(
    root: string,
    contentType: string,
    closed: (stream: WrittenStream) => void,
  ): Promise<StreamSink> {
    await mkdir(join(folder, root), { recursive: true, mode: 0o700 });
    const id = clock.newId('stream');
    const path = fileOf(root, id);
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    const hash = createHash('sha256');
    let size = 0;
    return {
      async write(bytes) {
        hash.update(bytes);
        for (let start = 0; start < bytes.length; ) {
          start += (await file.write(bytes, start)).bytesWritten;
        }
        size += bytes.length;
      },
      async close(dropped) {
        await file.datasync();
        await file.close();
        const sha256 = hash.digest('hex');
        const handle = { $stream: id, contentType, size, sha256, ...(dropped > 0 ? { dropped } : {}) };
        // The hash that counts is ours: a handle goes through expressions before it comes back.
        await writeFile(`${path}.json`, JSON.stringify(handle), { mode: 0o600 });
        closed({ handle, path });
        return handle;
      },
      async discard() {
        await file.close();
        await rm(path, { force: true });
      },
    };
  }

  async function read(
    root: string,
    { $stream: id }: StreamHandle,
  ): Promise<Outcome<AsyncIterable<Uint8Array>>> {
    const text = await readFile(`${fileOf(root, id)}.json`, 'utf8').catch(() => undefined);
    if (text === undefined) {
      return {
        ok: false,
        failure: failure('not_found', `the stream ${id} is not here`, {
          hint: 'a stream that is not to be kept lives until its run is over, on the machine where it was written',
        }),
      };
    }
    return { ok: true, output: proved(fileOf(root, id), JSON.parse(text) as StreamHandle) };
  }

  return {
    placeFor(root, input, artifacts = new Map()) {
      const given = new Set(handlesIn(input).map(({ $stream }) => $stream));
      const written: WrittenStream[] = [];
      const own = new Set<string>();
      return {
        has: (name) => given.has(name) || own.has(name) || artifacts.has(name),
        take(theirs, handles) {
          written.push(...theirs);
          for (const { $stream } of handles) given.add($stream);
        },
        place: {
          async write({ contentType, keep }) {
            const closed = (stream: WrittenStream) => {
              own.add(stream.handle.$stream);
              if (keep !== false) written.push(stream);
            };
            return { ok: true, output: await write(root, contentType, closed) };
          },
          async read(handle) {
            const open = artifacts.get(handle.$stream);
            if (open !== undefined) return { ok: true, output: open() };
            if (given.has(handle.$stream) && NAME.test(handle.$stream)) return read(root, handle);
            return {
              ok: false,
              failure: failure('denied', `the stream ${handle.$stream} was not given to this action`, {
                hint: 'only streams whose handles stand in the input can be read',
              }),
            };
          },
        },
        written: () => written,
      };
    },
    async remove(root) {
      await rm(join(folder, root), { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Whoever reads may hold as many pieces as there is credit for. */
async function* proved(path: string, handle: StreamHandle): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of readPieces(path, { bytes: CHUNK, held: CREDIT / CHUNK + 2 })) {
    hash.update(piece);
    size += piece.length;
    yield piece;
  }
  if (size !== handle.size || hash.digest('hex') !== handle.sha256) {
    throw new Error(`the stream ${handle.$stream} is not what was written: its file was changed`);
  }
}

/** Every handle in a value. */
export function handlesIn(value: JsonValue): readonly StreamHandle[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isStreamHandle(value)) return [value];
  return Object.values(value).flatMap(handlesIn);
}
