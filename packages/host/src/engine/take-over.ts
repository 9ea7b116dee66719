import { commandsOnResume, pendingAttempts } from '@cadre/core/advance';
import { isOver, type RunEventBody } from '@cadre/core/history';
import type { Lease } from '../ports/lease-store.ts';
import { isRepeatable } from './action-facts.ts';
import { HeldRun, type HeldRunContext, momentOf } from './held-run.ts';
import { type JournaledRun, readRun } from './journal.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { pinned } from './pinned-workers.ts';
import { missingRun } from './read-events.ts';

export interface TakeOverOptions {
  readonly context: HeldRunContext;
  readonly keeper: LeaseKeeper;
}

export type TakenOver =
  /** `goOn` is called once the run is where others find it. */
  | { readonly ok: true; readonly run: HeldRun; readonly goOn: () => Promise<void> }
  /** Absent holder: the run is over. */
  | { readonly ok: false; readonly holder?: Lease };

/**
 * Takes a run that nobody holds any more, or whose holder is dead. What its process had under way is appended as
 * interrupted; the decision that follows tries it again or asks. Throws `run_not_found`.
 */
export async function takeOver(options: TakeOverOptions, id: string): Promise<TakenOver> {
  const { context, keeper } = options;
  // The lease of a run that is just being made belongs to whoever makes it.
  if ((await context.store.runs.lastNumber(id)) === 0) throw missingRun(id);
  const taken = await keeper.take(leaseName(id), id);
  if (!taken.ok) return taken;
  const { lease } = taken;
  try {
    // Read only now: the last holder can append no more.
    const { state, workflow } = await readRun(context.store.runs, context.definitions, id);
    if (isOver(state.status)) {
      await keeper.give(lease);
      return { ok: false };
    }
    if (pendingAttempts(state).length > 0) await context.gate.ready();
    const told = await context.children.news(id, state);
    const news = [...newsOf(options, id, { state, workflow }), ...told];
    const run = new HeldRun(context, {
      id,
      workflow,
      state,
      lease,
      admitted: state.group === undefined || state.startedAt !== undefined,
    });
    return { ok: true, run, goOn: () => run.comeUp().then(() => run.tell(...news)) };
  } catch (error) {
    await keeper.give(lease);
    throw error;
  }
}

export function leaseName(run: string): string {
  return `run:${run}`;
}

/** A run that only waits for a person is watched over, and there is nothing to say about that. */
function newsOf(
  { context }: TakeOverOptions,
  id: string,
  { state, workflow }: JournaledRun,
): readonly RunEventBody[] {
  const values = context.values.open({ id, mode: state.mode });
  const interrupted = commandsOnResume(workflow, state, momentOf(context, id, values), (uses) =>
    isRepeatable(context.gate, pinned(uses, state.workers)),
  );
  if (interrupted.length === 0 && state.status === 'waiting') return [];
  return [{ type: 'run.resumed', holder: context.holder }, ...interrupted];
}
