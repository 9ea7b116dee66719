import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactsOf } from '@cadre/core';
import { processStart, sweepFolder, systemCode } from '@cadre/kit/files';
import {
  type Failure,
  failure,
  isStreamHandle,
  type JsonObject,
  type JsonValue,
  type Outcome,
} from '@cadre/sdk';
import type { CallStreamPlace } from '../../ports/action-runner.ts';
import type { GiveAway } from '../owner.ts';
import type { Subject } from '../subject.ts';

/** Inputs of one call with the paths of its files in their places. */
export interface GivenInput {
  readonly input: JsonObject;
  /** Call it when the call is over. */
  remove(): Promise<void>;
}

/**
 * Inputs that are handed over as files (`format: artifact`).
 *
 * Invariants
 * 1. A worker sees the folder of its own files, read-only and the same for all of its calls: it stays warm. Another worker
 *    does not see them.
 * 2. A file is a copy: what happens to it happens to no artifact.
 * 3. A file is there for one call, and goes with it; what a process has left that died is gone before the next one is made.
 * 4. Memory is bounded by a piece, whatever the size of what is given.
 */
export interface GivenFiles {
  /** Where the files of a worker are; undefined: its action is given none. */
  folderFor(subject: Subject): Promise<string | undefined>;
  put(subject: Subject, input: JsonObject, streams: CallStreamPlace): Promise<Outcome<GivenInput>>;
}

export function openGivenFiles(folder: string, giveAway: () => Promise<GiveAway>): GivenFiles {
  const folders = new Map<string, Promise<string>>();
  let numbered = 0;

  async function makeFolder(worker: string): Promise<string> {
    const own = join(folder, worker);
    await mkdir(own, { recursive: true, mode: 0o700 });
    await (await giveAway())(own);
    await sweepFolder(own);
    return own;
  }

  async function folderFor({ worker, action }: Subject): Promise<string | undefined> {
    if (Object.keys(artifactsOf(action.input)).length === 0) return undefined;
    const { id } = worker.manifest;
    const made = folders.get(id) ?? makeFolder(id);
    folders.set(id, made);
    made.catch(() => folders.delete(id));
    return made;
  }

  async function fill(path: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = await open(path, 'wx', 0o400);
    try {
      for await (const piece of bytes) {
        for (let start = 0; start < piece.length; ) {
          start += (await file.write(piece, start)).bytesWritten;
        }
      }
    } finally {
      await file.close();
    }
    await (await giveAway())(path);
  }

  return {
    folderFor,
    async put(subject, input, streams) {
      const own = await folderFor(subject);
      const names = Object.keys(artifactsOf(subject.action.input)).filter((name) =>
        Object.hasOwn(input, name),
      );
      if (own === undefined || names.length === 0) {
        return { ok: true, output: { input, remove: async () => undefined } };
      }
      const place = join(own, `${process.pid}-${await processStart(process.pid)}-${++numbered}`);
      const remove = () => rm(place, { recursive: true, force: true, maxRetries: 3 });
      const filled: Record<string, JsonValue> = { ...input };
      try {
        await mkdir(place, { mode: 0o700 });
        await (await giveAway())(place);
        for (const name of names) {
          const bytes = await bytesOf(name, input[name] ?? null, subject, streams);
          if (!bytes.ok) {
            await remove();
            return bytes;
          }
          const path = join(place, name.replaceAll(/[^\w.-]/g, '_'));
          await fill(path, bytes.output);
          filled[name] = path;
        }
      } catch (error) {
        await remove();
        const why = notGiven(error);
        if (why === undefined) throw error;
        return { ok: false, failure: why };
      }
      return { ok: true, output: { input: filled, remove } };
    },
  };
}

/** Of a text its characters, of any other value JSON, of a stream its bytes. */
async function bytesOf(
  name: string,
  value: JsonValue,
  { call }: Subject,
  streams: CallStreamPlace,
): Promise<Outcome<AsyncIterable<Uint8Array> | Iterable<Uint8Array>>> {
  const open = call.given?.files.get(name);
  if (open !== undefined) return { ok: true, output: open() };
  if (isStreamHandle(value)) return streams.read(value);
  return { ok: true, output: [Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))] };
}

function notGiven(error: unknown): Failure | undefined {
  if (systemCode(error) !== 'ENOSPC' && systemCode(error) !== 'EDQUOT') return undefined;
  return failure('disk_full', `an input could not be put into a file: ${(error as Error).message}`, {
    hint: 'make room on the disk of the data folder',
  });
}
