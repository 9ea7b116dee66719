import type { Clock } from '../ports/clock.ts';
import type { LogLine, LogStore } from '../ports/log-store.ts';

/** People who follow a run see its lines this late at most. */
const FLUSH_MS = 100;
const MOST_LINES = 500;

export interface LineBuffer {
  add(line: LogLine): void;
  /** Whether there ever was a line; without one there is nothing to wait for. */
  readonly used: boolean;
  /** Resolves when every line is stored; rejects when one could not be. */
  close(): Promise<void>;
}

const WRITTEN = Promise.resolve();

/** Gathers the lines of one attempt, because a commit for each would cost more than the line. `stored` is told of each batch. */
export function createLineBuffer(logs: LogStore, clock: Clock, run: string, stored: () => void): LineBuffer {
  let lines: LogLine[] = [];
  let used = false;
  let writing: Promise<void> = WRITTEN;
  let takeBack: (() => void) | undefined;

  function flush(): void {
    takeBack?.();
    takeBack = undefined;
    if (lines.length === 0) return;
    const batch = lines;
    lines = [];
    writing = writing.then(() => logs.append(run, batch)).then(stored);
    // Whoever closes the buffer hears of it.
    writing.catch(() => undefined);
  }

  return {
    get used() {
      return used;
    },
    add(line) {
      used = true;
      lines.push(line);
      if (lines.length >= MOST_LINES) flush();
      else takeBack ??= clock.wakeAt(clock.now() + FLUSH_MS, flush);
    },
    close() {
      flush();
      return writing;
    },
  };
}
