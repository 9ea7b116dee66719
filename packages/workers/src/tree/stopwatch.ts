import type { Timing } from '@cadre/sdk';

/** Adds up how long each tool worked on each class of files. */
export interface Stopwatch {
  time<T>(what: Omit<Timing, 'durationMs'>, work: () => Promise<T>): Promise<T>;
  /** Whole milliseconds, in the order in which each was begun. */
  timings(): readonly Timing[];
}

export function createStopwatch(): Stopwatch {
  const sums = new Map<string, Timing>();
  return {
    async time(what, work) {
      const begun = performance.now();
      try {
        return await work();
      } finally {
        const key = `${what.tool}\0${what.files}`;
        const before = sums.get(key) ?? { ...what, count: 0, durationMs: 0 };
        const durationMs = before.durationMs + performance.now() - begun;
        sums.set(key, { ...before, count: before.count + what.count, durationMs });
      }
    },
    timings: () => [...sums.values()].map((one) => ({ ...one, durationMs: Math.round(one.durationMs) })),
  };
}
