import { systemClock } from '../clock.ts';
import type { Clock } from '../ports/clock.ts';
import type { QuarantineStore } from '../ports/pool-store.ts';
import { keptQuarantines } from './kept-quarantines.ts';

/** What a runner needs besides workers and a sandbox. */
export function besideRunner(): { readonly clock: Clock; readonly quarantines: QuarantineStore } {
  return { clock: systemClock(), quarantines: keptQuarantines() };
}
