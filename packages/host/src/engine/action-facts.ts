import { isCadreError } from '@cadre/core/history';
import type { Gate } from '../ports/gate.ts';
import type { CallOrigin, PerformStep } from './attempt.ts';
import { pinned } from './pinned-workers.ts';

export function classOf(gate: Gate, uses: string): string {
  try {
    return gate.describe(uses).class;
  } catch (error) {
    // A worker that is not there: whoever performs the attempt says so.
    if (isCadreError(error)) return 'cpu';
    throw error;
  }
}

export function isRepeatable(gate: Gate, uses: string): boolean {
  try {
    return gate.describe(uses).repeatable;
  } catch (error) {
    // A worker that is no longer there: nobody can say what its action did.
    if (isCadreError(error)) return false;
    throw error;
  }
}

/** The step's own time limit, else that of the action's manifest, else that of all steps of the workflow. */
export function timeLimitOf(
  gate: Gate,
  { uses, timeoutMs, timeoutIsDefault }: Pick<PerformStep, 'uses' | 'timeoutMs' | 'timeoutIsDefault'>,
  /** The versions that the run keeps. */
  workers: CallOrigin['workers'],
): number {
  if (timeoutIsDefault !== true) return timeoutMs;
  try {
    return gate.describe(pinned(uses, workers)).timeoutMs ?? timeoutMs;
  } catch (error) {
    // A worker that is not there: whoever performs the attempt says so.
    if (isCadreError(error)) return timeoutMs;
    throw error;
  }
}
