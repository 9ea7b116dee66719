import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

/** How soon what other processes did is noticed, where nobody tells. */
const POLL_MS = 250;

interface PulseOptions {
  readonly store: Pick<Store, 'stamp' | 'shared'>;
  readonly clock: Clock;
  readonly heard: (hear: () => void) => () => void;
}

export interface PulseListener {
  /** Resolves when something may have happened since it was last asked. */
  news(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** One look-out for all who listen here. Nothing is looked at while nobody does (invariant 4). */
export function createPulse({ clock, heard, store }: PulseOptions): { listen(): PulseListener } {
  interface Ear {
    fresh: boolean;
    wake: () => void;
  }
  const ears = new Set<Ear>();
  let stop: (() => void) | undefined;
  let takeBack: (() => void) | undefined;
  let stamp: string | undefined;

  const tell = () => {
    for (const ear of ears) {
      ear.fresh = true;
      ear.wake();
    }
  };
  const look = () => {
    const now = store.stamp?.();
    // Where a store can say without being asked that nobody has written, it is not asked.
    if (now === undefined || now !== stamp) tell();
    stamp = now;
    takeBack = clock.wakeAt(clock.now() + POLL_MS, look);
  };

  return {
    listen() {
      const ear: Ear = { fresh: false, wake: () => undefined };
      ears.add(ear);
      if (ears.size === 1) {
        const stops = [heard(tell), ...(store.shared === undefined ? [] : [store.shared.listen(tell)])];
        stop = () => {
          for (const one of stops) one();
        };
        look();
      }
      return {
        news: (signal) =>
          new Promise((resolve) => {
            const done = () => {
              ear.fresh = false;
              ear.wake = () => undefined;
              signal.removeEventListener('abort', done);
              resolve();
            };
            ear.wake = done;
            signal.addEventListener('abort', done, { once: true });
            if (ear.fresh || signal.aborted) done();
          }),
        close() {
          ears.delete(ear);
          if (ears.size > 0) return;
          takeBack?.();
          stop?.();
          stop = undefined;
        },
      };
    },
  };
}
