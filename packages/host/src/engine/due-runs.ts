import type { Clock } from '../ports/clock.ts';
import type { SharedJournal } from '../ports/shared-journal.ts';

const TIMES_MS = 500;
const IDLE_TIMES_MS = 15_000;
/** Whoever has taken a due run and died is followed by another process after this time. */
const AGAIN_MS = 10_000;

interface Options {
  readonly journal: Pick<SharedJournal<never>, 'takeDue' | 'nextDue'>;
  readonly clock: Clock;
  readonly isIdle: () => boolean;
  readonly wakeUp: (run: string) => Promise<void>;
  readonly warn: (error: unknown) => void;
}

export interface DueRuns {
  /** Looks after times from now on. */
  begin(): void;
  /** A run has to be decided again at this time. */
  at(time: number): void;
  /** Looks at nothing more; resolves when nothing is under way. */
  end(): Promise<void>;
}

/**
 * Runs whose time comes, of whatever process.
 *
 * Invariants
 * 1. They are asked for by one question at a time.
 * 2. Idle, only the next time is asked for: times that come before it are told (`time AT`).
 */
export function createDueRuns({ journal, clock, isIdle, wakeUp, warn }: Options): DueRuns {
  let begun = false;
  let ended = false;
  let taking: Promise<void> | undefined;

  function take(): Promise<void> {
    if (ended) return Promise.resolve();
    // Invariant 1.
    taking ??= decide()
      .catch(warn)
      .finally(() => {
        taking = undefined;
      });
    return taking;
  }

  async function decide(): Promise<void> {
    const ids = await journal.takeDue(clock.now(), AGAIN_MS);
    await Promise.all(ids.map(wakeUp));
  }

  /** Invariant 2. */
  function lookAgain(): void {
    clock.wakeAt(clock.now() + (isIdle() ? IDLE_TIMES_MS : TIMES_MS), async () => {
      if (ended) return;
      if (isIdle()) await armNext().catch(warn);
      else await take();
      lookAgain();
    });
  }

  async function armNext(): Promise<void> {
    const next = await journal.nextDue();
    if (next === undefined) return;
    if (next <= clock.now()) await take();
    else if (next < clock.now() + 2 * IDLE_TIMES_MS) at(next);
  }

  function at(time: number): void {
    if (begun) clock.wakeAt(time, () => void take());
  }

  return {
    begin() {
      begun = true;
      void take();
      lookAgain();
    },
    at,
    async end() {
      ended = true;
      await taking;
    },
  };
}
