import type { Concurrency } from '@cadre/core/advance';
import { CadreError, isCadreError } from '@cadre/core/errors';
import type { RunState } from '@cadre/core/history';
import type { Clock } from '../ports/clock.ts';
import type { GroupStore } from '../ports/group-store.ts';

/** How long a run that entered a line may take to be created. */
const GRACE_MS = 60_000;

export interface Groups {
  /**
   * Puts a run that is about to be created into its group's line. Throws `group_busy` for `reject` and `skip` when another
   * one goes on. True: it may begin at once.
   */
  enter(group: string, run: string, onConflict: Concurrency['onConflict']): Promise<boolean>;
  mayBegin(group: string, run: string): Promise<boolean>;
  /** A run is over: whoever is next goes on. */
  leave(run: string, state: RunState): Promise<void>;
}

/** Runs of one group go on one after another, in the order in which they came, whatever processes they are in. */
export function createGroups(options: {
  readonly store: GroupStore;
  readonly clock: Clock;
  readonly cancel: (run: string, by: string, reason: string) => Promise<void>;
  readonly attend: (run: string) => Promise<void>;
}): Groups {
  const { store, clock } = options;
  return {
    async enter(group, run, onConflict) {
      const unlessBusy = onConflict === 'reject' || onConflict === 'skip';
      const before = await store.enter(group, run, { now: clock.now(), graceMs: GRACE_MS, unlessBusy });
      const [first] = before;
      if (first === undefined) return true;
      if (unlessBusy) throw busy(group, first, onConflict);
      if (onConflict === 'cancel-running') {
        // One that ended meanwhile is what was wanted.
        const cancels = before.map((each) => options.cancel(each, 'system', `${run} takes its place`));
        await Promise.allSettled(cancels);
      }
      return false;
    },
    mayBegin: (group, run) => store.isFirst(group, run, clock.now()),
    async leave(run, { group }) {
      if (group === undefined) return;
      const next = await store.leave(group, run, clock.now());
      if (next === undefined) return;
      await options.attend(next).catch((error: unknown) => {
        // It has a place and is only about to be created, or its process died before that; who creates it looks by itself.
        if (!isCadreError(error) || error.code !== 'run_not_found') throw error;
      });
    },
  };
}

function busy(group: string, run: string, onConflict: string): CadreError {
  const message = `a run of the group ${group} goes on already: ${run}`;
  const hint = `see it with: cadre show ${run}; end it with: cadre cancel ${run}`;
  return new CadreError('group_busy', message, { hint, details: { group, run, onConflict } });
}
