import type { RunEventBody, RunState } from '@cadre/core/history';
import type { Attempt } from './attempt.ts';

/** The end of partial results is marked only as it stands in the journal: it may have been too late, or dropped. */
export async function tellExtended(attempt: Attempt, result: RunEventBody, state: RunState): Promise<void> {
  if (!attempt.extended() || !('step' in result)) return;
  const known = state.steps.get(result.step);
  // Of a loop what is over is forgotten.
  const isTold = known === undefined || known.attempts !== attempt.number || known.status !== 'running';
  if (isTold && (result.type !== 'step.succeeded' || (known?.status ?? 'succeeded') === 'succeeded')) {
    await attempt.told(result);
  }
}
