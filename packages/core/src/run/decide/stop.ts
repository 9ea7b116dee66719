import type { Failure } from '@cadre/sdk';
import type { Command } from '../commands.ts';
import { COMPENSATE, FINALLY, isWithin, nameOf, outward, parentOf } from '../path.ts';
import type { RunState } from '../state.ts';
import { type Draft, emit } from './draft.ts';

/** Failure code of a run that reached the time its budget gives it. */
export const RUN_TIMED_OUT = 'run_timed_out';

/** The failure of a step always names the step, so an action cannot pretend to be the run's time limit. */
export function isRunTimeout(failure: Failure | undefined): boolean {
  return failure?.code === RUN_TIMED_OUT && failure.details === undefined;
}

export type StopReason = 'cancelled' | 'timed_out' | 'after_failure';

const STOP_REASONS: ReadonlySet<string> = new Set<StopReason>(['cancelled', 'timed_out', 'after_failure']);

/** Why nothing new may begin in a container; undefined when it may. O(depth). */
export function stopReason(state: RunState, container: string): StopReason | undefined {
  if (state.status !== 'cancelling' && state.failing.size === 0) return undefined;
  for (const path of outward(container)) {
    if (path === FINALLY || nameOf(path) === COMPENSATE) {
      return state.failing.has(path) ? 'after_failure' : undefined;
    }
    if (state.failing.has(path)) {
      return isRunTimeout(state.steps.get(path)?.failure) ? 'timed_out' : 'after_failure';
    }
  }
  return state.status === 'cancelling' ? 'cancelled' : undefined;
}

/** Whether a step ended because something else stopped it. */
export function wasStopped(state: RunState, path: string): boolean {
  const step = state.steps.get(path);
  if (step === undefined) return false;
  return step.status === 'cancelled' || (step.status === 'skipped' && STOP_REASONS.has(step.reason ?? ''));
}

/** A step in the container failed for good. The first failure is the one that the container ends with. */
export function fail(draft: Draft, container: string, failure: Failure): void {
  if (stopReason(draft.state, container) === undefined) stopWith(draft, container, failure);
}

/** From now on nothing begins in the container, and it ends with this failure. */
export function stopWith(draft: Draft, container: string, failure: Failure): void {
  emit(draft, { type: 'step.failing', step: container, failure });
  stopInside(draft, container);
}

/**
 * Ends what is not under way: what waits for a person or for its next attempt, and attempts that this very decision
 * hands out. Attempts under way are left to `cancelCommands`.
 */
export function stopInside(draft: Draft, container: string): void {
  const { retrying, waiting, pausing } = draft.state;
  for (const path of pausing) {
    const stops = path === container || isWithin(path, container);
    if (stops) draft.queue.push({ container: path, children: [] });
  }
  const still = [...draft.performs.keys(), ...retrying, ...waiting].filter((path) =>
    isWithin(path, container),
  );
  for (const path of still) {
    draft.performs.delete(path);
    emit(draft, { type: 'step.cancelled', step: path });
    draft.queue.push({ container: parentOf(path) ?? '', children: [path] });
  }
}

/** For the attempts under way that should end, unless that has been said. */
export function cancelCommands(state: RunState): Command[] {
  if (state.told || (state.status !== 'cancelling' && state.failing.size === 0)) return [];
  return [...state.running].sort().flatMap((step) => {
    const reason = stopReason(state, parentOf(step) ?? '');
    if (reason === undefined) return [];
    const child = state.steps.get(step)?.child;
    return [{ type: 'cancel-step', step, reason, ...(child === undefined ? {} : { child }) }];
  });
}
