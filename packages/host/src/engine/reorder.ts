import { priorityAt } from '@cadre/core/advance';
import type { RunState, Workflow } from '@cadre/core/history';
import type { AttemptContext } from './attempt.ts';

/**
 * Re-orders what of a run waits in this process after a person gave it, or a step of it, another priority. `known` is the
 * number of the event that was acted upon before; answers that of the last one.
 */
export function reorder(
  { places, gate }: Pick<AttemptContext, 'places' | 'gate'>,
  run: { readonly id: string; readonly workflow: Workflow; readonly state: RunState },
  known: number | undefined,
): number | undefined {
  const { id, workflow, state } = run;
  if (state.prioritised !== known) {
    const priorityOf = (step: string) => priorityAt(workflow, state, step);
    places.prioritise(id, priorityOf);
    gate.prioritise(id, priorityOf);
  }
  return state.prioritised;
}
