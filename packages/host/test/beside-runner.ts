import { systemClock } from '../src/clock.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { QuarantineStore } from '../src/ports/pool-store.ts';
import { keptQuarantines } from '../src/testing/kept-quarantines.ts';

/** What a runner needs besides workers and a sandbox. */
export function besideRunner(): { readonly clock: Clock; readonly quarantines: QuarantineStore } {
  return { clock: systemClock(), quarantines: keptQuarantines() };
}
