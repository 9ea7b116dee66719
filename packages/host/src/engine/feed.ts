import type { Progress } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';

export interface StepProgress {
  readonly step: string;
  readonly progress: Progress;
}

/** Wakes those who wait for news of a run. The news itself stands in the store, except progress, which is never kept. */
export interface Feed {
  changed(run: string): void;
  progress(run: string, news: StepProgress): void;
  listen(run: string): Listener;
  /** Calls back whenever something changed in any run; answers the way to stop. */
  hear(anything: () => void): () => void;
  /** Ends every waiting, for good. */
  close(): void;
  readonly closed: boolean;
}

export interface Listener {
  /**
   * Resolves when something changed since it was last asked, when another process may have changed something, or when
   * the signal is aborted.
   */
  news(signal?: AbortSignal): Promise<void>;
  /** Progress since it was last asked: of each step the newest. */
  takeProgress(): readonly StepProgress[];
  close(): void;
}

/** How soon what another process appended is noticed. A look costs some 10 µs. */
export const POLL_MS = 250;

interface Ear {
  readonly progress: Map<string, StepProgress>;
  fresh: boolean;
  wake: () => void;
}

export function createFeed(clock: Clock): Feed {
  const ears = new Map<string, Set<Ear>>();
  const hearers = new Set<() => void>();
  let closed = false;

  const tell = (run: string, change: (ear: Ear) => void) => {
    for (const ear of ears.get(run) ?? []) {
      change(ear);
      ear.fresh = true;
      ear.wake();
    }
  };

  function listen(run: string): Listener {
    const ear: Ear = { progress: new Map(), fresh: false, wake: () => undefined };
    const others = ears.get(run) ?? new Set();
    ears.set(run, others.add(ear));
    return {
      news: (signal) => (closed ? Promise.resolve() : waitFor(ear, clock, signal)),
      takeProgress() {
        const taken = [...ear.progress.values()];
        ear.progress.clear();
        return taken;
      },
      close() {
        others.delete(ear);
        if (others.size === 0) ears.delete(run);
      },
    };
  }

  return {
    changed(run) {
      tell(run, () => undefined);
      for (const hearer of hearers) hearer();
    },
    progress: (run, news) => tell(run, (ear) => ear.progress.set(news.step, news)),
    listen,
    hear(anything) {
      hearers.add(anything);
      return () => hearers.delete(anything);
    },
    close() {
      closed = true;
      for (const run of ears.keys()) tell(run, () => undefined);
    },
    get closed() {
      return closed;
    },
  };
}

function waitFor(ear: Ear, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      ear.fresh = false;
      ear.wake = () => undefined;
      takeBack();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const takeBack = clock.wakeAt(clock.now() + POLL_MS, done);
    ear.wake = done;
    signal?.addEventListener('abort', done, { once: true });
    if (ear.fresh || signal?.aborted === true) done();
  });
}
