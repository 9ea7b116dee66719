import type { CallObserver } from '../ports/action-runner.ts';
import type { ConfinedProcess } from '../ports/sandbox.ts';

/** Looks at what the processes of a call use, again and again until it is stopped. */
export interface Measuring {
  /** Once more, now. False when the program is being ended, because it ran out of memory. */
  look(): Promise<boolean>;
  stop(): void;
}

/** A busy program is ahead of its limit by no more than this; looking costs well below a hundredth of it. */
const EVERY_MS = 200;

export function startMeasuring(
  child: Pick<ConfinedProcess, 'measure'>,
  observer: Pick<CallObserver, 'measure'>,
): Measuring {
  let isLooking = false;
  const look = async () => {
    const usage = await child.measure();
    if (usage !== undefined) observer.measure(usage);
    return usage !== undefined;
  };
  const again = async () => {
    if (isLooking) return;
    isLooking = true;
    await look();
    isLooking = false;
  };
  const timer = setInterval(again, EVERY_MS);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}
