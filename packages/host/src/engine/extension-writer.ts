import { extensionStream } from '@cadre/core/history';
import { type Extension, type ExtensionEnd, type JsonObject, type JsonValue, sizeOfPiece } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { StreamEntry, StreamStore } from '../ports/stream-store.ts';

/** People who follow a step see its pieces this late at most. */
const FLUSH_MS = 50;
/** A commit is worth its while from here on (bytes). */
const ENOUGH = 256 * 1024;

export interface ExtensionWriter {
  /** Resolves when the piece is stored, so that whoever makes pieces can be held back. */
  add(piece: JsonValue): Promise<void>;
  /** Resolves when every piece is stored; rejects when one could not be. */
  flush(): Promise<void>;
  /** Marks the end, unless somebody else has, or there was no piece. */
  end(end: ExtensionEnd): Promise<void>;
}

interface Origin {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

/**
 * The partial results of one attempt.
 *
 * Invariants
 * 1. Pieces are stored in order, each once, numbered from 1 without gaps: this attempt alone writes to its stream.
 * 2. What is not stored yet is held here, and whoever made it waits for it: the worker's credit bounds it.
 * 3. After an end mark nothing is added, whoever set it: an attempt that is late is not heard any more.
 */
export function createExtensionWriter(
  streams: StreamStore,
  clock: Clock,
  origin: Origin,
  stored: () => void,
): ExtensionWriter {
  const { run, step, attempt } = origin;
  const stream = extensionStream(run, step, attempt);
  let waiting: StreamEntry[] = [];
  let held = 0;
  let index = 0;
  let offset = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let next: PromiseWithResolvers<void> | undefined;
  let takeBack: (() => void) | undefined;

  function flush(): Promise<void> {
    takeBack?.();
    takeBack = undefined;
    const batch = waiting;
    const told = next;
    waiting = [];
    next = undefined;
    held = 0;
    if (told === undefined) return writing.then(() => undefined);
    const first = index - batch.length + 1;
    writing = writing.then(() => streams.extend(run, stream, first, batch)).then(stored);
    writing.then(() => told.resolve(), told.reject);
    return told.promise;
  }

  return {
    add(piece) {
      const said: Extension = { attempt, index, offset, piece };
      const size = sizeOfPiece(piece);
      waiting.push({ at: clock.now(), topic: 'step.extended', data: said as unknown as JsonObject });
      index += 1;
      offset += size;
      held += size;
      if (next === undefined) {
        next = Promise.withResolvers();
        // Whoever flushes hears of it.
        next.promise.catch(() => undefined);
      }
      const { promise } = next;
      if (held >= ENOUGH) void flush();
      else takeBack ??= clock.wakeAt(clock.now() + FLUSH_MS, () => void flush());
      return promise;
    },
    flush,
    async end(end) {
      if (index === 0) return;
      const mark: Extension = { attempt, index, offset, end };
      const entry = { at: clock.now(), topic: 'step.extended', data: mark as unknown as JsonObject };
      if (await streams.close(run, stream, () => entry)) stored();
    },
  };
}
