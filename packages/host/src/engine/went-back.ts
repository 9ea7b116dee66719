import type { RunState } from '@cadre/core/history';
import type { Clock } from '../ports/clock.ts';
import { wentBack } from './journal.ts';
import { isUnderWay } from './turns.ts';

interface Options {
  readonly clock: Clock;
  /** Stops the attempt of a step if it is under way in this process. */
  readonly stopHere: (run: string, step: string) => void;
  readonly warn: (error: unknown) => void;
}

/** A store that went back did so with many runs, and says it of the first. */
const SAID_ONCE_MS = 60_000;

/** What a process does about a run whose journal does not say any more what it knew: attempts that are not in it are stopped. */
export function createWentBack({ clock, stopHere, warn }: Options) {
  let said = Number.NEGATIVE_INFINITY;

  return (run: string, before: RunState, now: RunState | undefined): void => {
    for (const step of before.running) {
      const attempt = before.steps.get(step)?.attempts ?? 0;
      if (now === undefined || !isUnderWay(now, step, attempt)) stopHere(run, step);
    }
    if (clock.now() - said < SAID_ONCE_MS) return;
    said = clock.now();
    warn(wentBack(run));
  };
}
