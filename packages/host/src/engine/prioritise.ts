import { priorityAt } from '@cadre/core/advance';
import { CadreError, isOver, type RunState, type Workflow } from '@cadre/core/history';
import type { WorkQueue } from '../ports/dispatch.ts';
import type { RunStore } from '../ports/store.ts';
import type { JournaledRun } from './journal.ts';
import { reranked } from './ranked-priority.ts';
import { over, steer } from './steer.ts';

export interface Prioritising {
  readonly at: number;
  readonly by: string;
  /** Higher goes first. */
  readonly priority: number;
  /** Only this attempt; absent: the whole run, and the runs inside it. */
  readonly step?: string;
}

interface Context {
  readonly runs: RunStore;
  readonly read: (run: string) => Promise<JournaledRun>;
  /** Where attempts wait outside of any process. */
  readonly queue: WorkQueue | undefined;
}

/**
 * Appends that a run, or one of its attempts, matters more or less, and re-orders what of it waits in the queue of a shared
 * store; whoever performs it re-orders what waits in his process as soon as he reads it. Answers the runs that were given it.
 * Throws `run_not_found`, `run_over`, and `invalid_input` for a step that has no attempt.
 */
export async function prioritise(context: Context, run: string, given: Prioritising): Promise<string[]> {
  const { at, by, priority, step } = given;
  await steer(context.runs, run, (state) => {
    if (isOver(state.status)) throw over(run, state);
    if (step === undefined) return { type: 'run.prioritised', at, by, priority };
    if (!state.running.has(step) || state.steps.get(step)?.child !== undefined) throw nothingWaits(run, step);
    return { type: 'step.prioritised', at, by, step, priority };
  });
  const { state, workflow } = await context.read(run);
  await reorderJobs(context.queue, run, workflow, state);
  const children = step === undefined ? childrenOf(state) : [];
  const inside: string[] = [];
  for (const child of children) {
    // One that ended meanwhile, or is not there yet, needs nothing: it is started with what its parent says.
    const told = await prioritise(context, child, given).catch(ignoreGone);
    inside.push(...told);
  }
  return [run, ...inside];
}

async function reorderJobs(
  queue: WorkQueue | undefined,
  run: string,
  workflow: Workflow,
  state: RunState,
): Promise<void> {
  const waiting = ((await queue?.listJobs(run)) ?? []).filter(({ taken }) => !taken);
  const moved = waiting.flatMap(({ id, class: className, priority, step }) => {
    const wanted = priorityAt(workflow, state, step);
    return wanted === undefined ? [] : [{ id, class: className, priority: reranked(priority, wanted) }];
  });
  if (moved.length > 0) await queue?.reorder(moved);
}

function childrenOf(state: RunState): readonly string[] {
  return [...state.running].flatMap((path) => state.steps.get(path)?.child ?? []);
}

function nothingWaits(run: string, step: string): CadreError {
  return new CadreError('invalid_input', `the step ${step} of ${run} has no attempt that could wait`, {
    hint: `see what it does with: cadre show ${run}`,
  });
}

function ignoreGone(error: unknown): string[] {
  const { code } = error as { readonly code?: string };
  if (code === 'run_over' || code === 'run_not_found') return [];
  throw error;
}
