import type { JsonObject } from '@cadre/sdk';
import type { Retry, Step, StepCommon, StepKind, Workflow } from '../../workflow/workflow.ts';

/** For tests: a workflow with what matters given and the rest plain; retries are off. */
export function workflowOf(steps: readonly Step[], more: Partial<Workflow> = {}): Workflow {
  return {
    name: 'sample',
    inputs: {},
    mode: 'sequence',
    defaults: { timeoutMs: 600_000, retry: NO_RETRY },
    steps,
    onFailure: [],
    finally: [],
    outputs: {},
    ...more,
  };
}

export const NO_RETRY: Retry = {
  attempts: 1,
  delayMs: 1_000,
  backoff: 2,
  maxDelayMs: 60_000,
  jitter: 'none',
};

/** For tests: a step of any kind. */
export function stepOf(id: string, kind: StepKind, more: Partial<StepCommon> = {}): Step {
  return { id, needs: [], onError: { kind: 'abort' }, ...more, ...kind };
}

/** For tests: a step that performs the action `sample/ID`. */
export function actionOf(id: string, more: Partial<StepCommon> = {}, input: JsonObject = {}): Step {
  return stepOf(id, { kind: 'action', uses: `sample/${id}`, with: input }, more);
}
