import { type Failure, failure } from '@cadre/sdk';
import type { StepState } from '../state.ts';
import type { StepPlace } from './draft.ts';
import { withStep } from './retry.ts';

/** What a step failed with, naming the step that it comes from. */
export function failureOf({ path, node }: StepPlace, state: StepState): Failure {
  const cancelled = state.status === 'cancelled' && failure('cancelled', `the step '${path}' was cancelled`);
  const found =
    cancelled || (state.failure ?? failure('unexplained', `the step '${path}' failed without saying why`));
  const inside = node.lists.length > 0 && state.begun !== undefined;
  return inside && !cancelled ? found : withStep(found, path);
}
