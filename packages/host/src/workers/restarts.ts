export type RestartPolicy = 'never' | 'on-failure' | 'always';

/** WRK-12 */
const MOST = 5;
const WINDOW_MS = 60_000;
/** Doubled with each further restart within the window: the fifth waits 1.6 s. */
const FIRST_DELAY_MS = 100;

export interface Restarts {
  /** A process ended by itself. True: it did so too often, and the worker has to be quarantined. */
  died(now: number): boolean;
  /** Before this time none is started in its place. */
  readonly notBefore: number;
}

/** When a process may be started in place of one that died, and when there have been too many. */
export function createRestarts(policy: RestartPolicy): Restarts {
  let recent: number[] = [];
  let notBefore = 0;
  return {
    get notBefore() {
      return notBefore;
    },
    died(now) {
      recent = recent.filter((at) => at > now - WINDOW_MS);
      if (policy === 'never' || recent.length >= MOST) {
        recent = [];
        notBefore = 0;
        return true;
      }
      notBefore = now + FIRST_DELAY_MS * 2 ** recent.length;
      recent.push(now);
      return false;
    },
  };
}
