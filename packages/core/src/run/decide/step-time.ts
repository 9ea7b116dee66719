import { type Failure, failure } from '@cadre/sdk';
import { amountText } from '../../budget/amount-text.ts';
import type { Step } from '../../workflow/workflow.ts';
import type { Draft, StepPlace } from './draft.ts';

/** When the time is up that a step's own budget gives it, all its attempts together; undefined where it gives none. */
export function wallOf({ state, moment }: Draft, path: string, { budget }: Step): number | undefined {
  const { startedAt = moment.now } = state.steps.get(path) ?? {};
  return budget?.wallMs === undefined ? undefined : startedAt + budget.wallMs;
}

/** For the event by which a step begins to wait. */
export function wallDeadline(draft: Draft, { path, node }: StepPlace): { readonly deadline?: number } {
  const deadline = wallOf(draft, path, node.step);
  return deadline === undefined ? {} : { deadline };
}

export function wallExceeded(path: string, planned: number): Failure {
  const message = `the step '${path}' took longer than the ${amountText('wall', planned)} that its budget gives it`;
  return failure('budget_exceeded', message, {
    hint: 'raise budget.wall, or make it do less',
    details: { step: path, at: path, limit: 'wall', planned },
  });
}

export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
