import { CALL_BOUNDS_MS, type CallTimes } from '../ports/figures.ts';

/** How long calls took, in as many numbers as there are bounds. */
export interface CallTimer {
  add(ms: number): void;
  figures(): CallTimes;
}

export function createCallTimer(): CallTimer {
  const counts = new Array<number>(CALL_BOUNDS_MS.length + 1).fill(0);
  let sumMs = 0;
  return {
    add(ms) {
      const found = CALL_BOUNDS_MS.findIndex((bound) => ms <= bound);
      const slot = found === -1 ? CALL_BOUNDS_MS.length : found;
      counts[slot] = (counts[slot] ?? 0) + 1;
      sumMs += ms;
    },
    figures: () => ({ sumMs, counts: [...counts] }),
  };
}
