import type { Clock } from '../ports/clock.ts';

export interface SimulatedClock extends Clock {
  /**
   * Lets everything that was started go on as far as it comes, then moves time to the next callback that is due, and so
   * on until `ms` have passed.
   */
  advance(ms: number): Promise<void>;
  /** Milliseconds that have passed since the start. */
  passed(): number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it, chance that always says the same, ids that count. */
export function simulatedClock(start = 1_700_000_000_000): SimulatedClock {
  let now = start;
  let ids = 0;
  const timers = new Set<Timer>();

  function earliest(until: number): Timer | undefined {
    const due = [...timers].filter((timer) => timer.at <= until);
    return due.sort((left, right) => left.at - right.at)[0];
  }

  return {
    now: () => now,
    random: () => 0.5,
    newId: (prefix) => `${prefix}_${String(++ids).padStart(6, '0')}`,
    wakeAt(at, callback) {
      const timer = { at, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      await turns();
      for (let timer = earliest(until); timer !== undefined; timer = earliest(until)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.callback();
        await turns();
      }
      now = until;
    },
    passed: () => now - start,
  };
}

/** A few turns of the event loop: enough for a store in memory to answer what was asked meanwhile. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
