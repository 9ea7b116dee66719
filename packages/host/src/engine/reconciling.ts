import { commandsOnResume, decide } from '@cadre/core/advance';
import { isCadreError, isOver } from '@cadre/core/history';
import type { Work, WorkQueue } from '../ports/dispatch.ts';
import type { SharedJournal } from '../ports/shared-journal.ts';
import { isRepeatable } from './action-facts.ts';
import { decideLoaded } from './decide-loaded.ts';
import { type HeldRunContext, momentOf } from './held-run.ts';
import type { KnownRuns } from './known-runs.ts';
import { pinned } from './pinned-workers.ts';
import { wakeOf } from './shared-run.ts';

/** Runs that are mended at the same time: their reads and writes share commits. */
const MENDED_AT_ONCE = 64;

interface Options {
  readonly context: Omit<HeldRunContext, 'ended'>;
  readonly journal: SharedJournal<Work>;
  readonly queue: WorkQueue;
  readonly known: KnownRuns;
}

/** Mends runs that nothing would bring up again; answers those that went on. `thorough`: also those that wait. */
export type Reconcile = (thorough: boolean) => Promise<readonly string[]>;

/**
 * Invariants
 * 1. A run that is not over has a job, a time, or a question; for one that has none (moved here, mended by hand) what can
 *    only have happened is appended: its attempts were cut off.
 * 2. Only that is mended which has not changed while it was looked at.
 */
export function createReconcile({ context, journal, queue, known }: Options): Reconcile {
  const { gate, children, holder } = context;

  /** One that cannot be read says so to whoever asks for it, and is not in the way of the others. */
  async function mend(id: string): Promise<boolean> {
    try {
      const run = await known.open(id);
      if (run === undefined) return false;
      await run.notice();
      if (isOver(run.state.status)) return false;
      const before = run.state.number;
      const values = context.values.open({ id, mode: run.state.mode });
      const moment = momentOf(context, id, values);
      const interrupted = commandsOnResume(run.workflow, run.state, moment, (uses) =>
        isRepeatable(gate, pinned(uses, run.state.workers)),
      );
      // Invariant 1: those of the queue are known to be none.
      const news = interrupted.flatMap((event) =>
        event.type === 'step.interrupted' ? [{ body: event, attempt: event.attempt }] : [],
      );
      const told = (await children.news(id, run.state)).map((body) => ({ body }));
      const all = [...news, ...told];
      // One that a time brings up again has to have it written down, which happens with an append alone.
      const { commands } = await decideLoaded(values, () => decide(run.workflow, run.state, moment));
      if (all.length > 0 || wakeOf(commands) !== undefined) {
        await run.tell({ body: { type: 'run.resumed', holder } }, ...all);
      }
      return run.state.number > before;
    } catch (error) {
      if (!isCadreError(error)) throw error;
      known.fail(id, error);
      return false;
    }
  }

  return async (thorough) => {
    const before = await journal.listUntimed(thorough);
    if (before.size === 0) return [];
    const withJobs = await queue.listRuns();
    const lonely = [...before.keys()].filter((id) => !withJobs.has(id));
    const now = await journal.lastNumbers(lonely);
    // Invariant 2: what went on between the questions is in good hands.
    const waiting = lonely.filter((id) => now.get(id) === before.get(id));
    const mended: string[] = [];
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        if (await mend(id)) mended.push(id);
      }
    };
    await Promise.all(Array.from({ length: MENDED_AT_ONCE }, work));
    return mended.sort();
  };
}
