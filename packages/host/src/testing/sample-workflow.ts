import type { Retry, Step, StepCommon, StepKind, Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

const NO_RETRY: Retry = { attempts: 1, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'none' };

/** A workflow with what matters given and the rest plain; nothing is retried. */
export function sampleWorkflow(steps: readonly Step[], more: Partial<Workflow> = {}): Workflow {
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

export function sampleStep(id: string, kind: StepKind, more: Partial<StepCommon> = {}): Step {
  return { id, needs: [], onError: { kind: 'abort' }, ...more, ...kind };
}

/** A step that performs the action `sample/ID`. */
export function sampleAction(id: string, more: Partial<StepCommon> = {}, input: JsonObject = {}): Step {
  return sampleStep(id, { kind: 'action', uses: `sample/${id}`, with: input }, more);
}

export function retryTimes(attempts: number, delayMs: number): Retry {
  return { ...NO_RETRY, attempts, delayMs, backoff: 1 };
}
