import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/**
 * Streams of bytes between the steps of a run, as files in Cadre's own folder, which no worker sees.
 *
 * Invariants
 * 1. A stream is read only by a call that was given its handle, in the run that it was written in (or in one that shares its
 *    root); what is read is what was written, proved by its hash.
 * 2. Memory is bounded by what one write has, whatever the size of the stream.
 * 3. Nothing of a run is left when it is over.
 */
export interface StreamSpool {
  /** For one call of the run `root`, that was given this input. */
  placeFor(root: string, input: JsonValue): CallStreamPlace;
  /** Throws away every stream of a run. */
  remove(root: string): Promise<void>;
}

/** A handle is what some worker said: it must not lead anywhere else. */
const NAME = /^stream_[0-9a-z]+$/;

export function openStreamSpool(folder: string, clock: Clock): StreamSpool {
  const fileOf = (root: string, id: string) => join(folder, root, id);

  async function write(root: string, contentType: string): Promise<StreamSink> {
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
          hint: 'a stream lives until its run is over, on the machine where it was written: write a file to keep it',
        }),
      };
    }
    return { ok: true, output: proved(fileOf(root, id), JSON.parse(text) as StreamHandle) };
  }

  return {
    placeFor(root, input) {
      const given = new Set(handlesIn(input).map(({ $stream }) => $stream));
      return {
        write: async ({ contentType }) => ({ ok: true, output: await write(root, contentType) }),
        async read(handle) {
          if (given.has(handle.$stream) && NAME.test(handle.$stream)) return read(root, handle);
          return {
            ok: false,
            failure: failure('denied', `the stream ${handle.$stream} was not given to this action`, {
              hint: 'only streams whose handles stand in the input can be read',
            }),
          };
        },
      };
    },
    async remove(root) {
      await rm(join(folder, root), { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * Buffers are used again, since garbage of a gigabyte would be collected late: whoever reads may hold as many as there is
 * credit for.
 */
async function* proved(path: string, handle: StreamHandle): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const buffers = Array.from({ length: CREDIT / CHUNK + 2 }, () => Buffer.allocUnsafeSlow(CHUNK));
  const file = await open(path, constants.O_RDONLY);
  let size = 0;
  try {
    for (let turn = 0; ; turn = (turn + 1) % buffers.length) {
      const buffer = buffers[turn] as Buffer;
      const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      size += bytesRead;
      yield chunk;
    }
  } finally {
    await file.close();
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
