import type { Outcome } from '@cadre/sdk';
import type { RecentFaults } from '../ports/figures.ts';

/** By its own fault: what an action says of its work, such as that tests have failed, is no error of the worker. */
const FAULTS: ReadonlySet<string> = new Set([
  'worker_fault',
  'worker_died',
  'worker_not_started',
  'invalid_output',
]);

/** Of calls and not of time: a worker that nobody calls neither recovers by that nor is there anything to tell. */
const CALLS = 100;

export interface ErrorBudget {
  add(outcome: Outcome<unknown>): void;
  recent(): RecentFaults;
}

/** How much of what may go wrong has gone wrong in the last calls of a worker; `share` of them may. */
export function createErrorBudget(share: number): ErrorBudget {
  const wrong: boolean[] = [];
  let faults = 0;
  return {
    add(outcome) {
      const isFault = !outcome.ok && FAULTS.has(outcome.failure.code);
      wrong.push(isFault);
      if (isFault) faults += 1;
      if (wrong.length > CALLS && wrong.shift() === true) faults -= 1;
    },
    recent: () => ({ calls: wrong.length, faults, share }),
  };
}
