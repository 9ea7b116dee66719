import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the process is with what it has to do. */
export interface LoopDelay {
  /** Milliseconds, typical of the last half second in which anybody asked. */
  now(): number;
  /** What was answered last; while nobody asks, nothing is measured. */
  last(): number;
  close(): void;
}

const RESOLUTION_MS = 20;
const WINDOW_MS = 500;
/** So long after the last question the process is left asleep: measuring wakes it fifty times a second. */
const UNASKED_MS = 5_000;

export function createLoopDelay(moment: () => number = () => performance.now()): LoopDelay {
  let histogram: IntervalHistogram | undefined;
  let begun = 0;
  let asked = 0;
  let last = 0;

  function close(): void {
    histogram?.disable();
    histogram = undefined;
    last = 0;
  }

  return {
    now() {
      asked = moment();
      if (histogram === undefined) {
        histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
        histogram.enable();
        begun = asked;
      } else if (asked - begun >= WINDOW_MS && histogram.count > 0) {
        last = Math.max(0, histogram.percentile(50) / 1e6 - RESOLUTION_MS);
        histogram.reset();
        begun = asked;
      }
      return last;
    },
    last() {
      if (histogram !== undefined && moment() - asked > UNASKED_MS) close();
      return last;
    },
    close,
  };
}
