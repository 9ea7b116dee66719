import type { RunEvent, Workflow } from '@cadre/core';

/** What the sample events name as `h1`. */
export const SAMPLE_DEFINITION: Workflow = {
  name: 'hygiene',
  inputs: {},
  mode: 'sequence',
  defaults: {
    timeoutMs: 1_000,
    retry: { attempts: 1, delayMs: 0, backoff: 1, maxDelayMs: 0, jitter: 'none' },
  },
  steps: [],
  onFailure: [],
  finally: [],
  outputs: { 'ключ "\'\n': 'Ω 😀 \u0000' },
};

export const created = (
  at: number,
  changes: Partial<Extract<RunEvent, { type: 'run.created' }>> = {},
): RunEvent => ({
  at,
  type: 'run.created',
  workflow: 'hygiene',
  definition: 'h1',
  inputs: {},
  mode: 'apply',
  trigger: { kind: 'manual' },
  principal: 'user:ada',
  ...changes,
});

export const started = (at: number): RunEvent => ({ at, type: 'run.started' });
export const begun = (at: number, step: string): RunEvent => ({ at, type: 'step.started', step, attempt: 1 });
export const done = (at: number, step: string): RunEvent => ({
  at,
  type: 'step.succeeded',
  step,
  output: { step },
});
export const asked = (at: number, step: string): RunEvent => ({
  at,
  type: 'step.waiting',
  step,
  question: { kind: 'approval', prompt: 'Go on?' },
});
export const answered = (at: number, step: string): RunEvent => ({
  at,
  type: 'step.answered',
  step,
  by: 'user:ada',
  answer: 'allow',
});
export const cancelled = (at: number): RunEvent => ({ at, type: 'run.cancelled' });
export const succeeded = (at: number): RunEvent => ({ at, type: 'run.succeeded', output: null });
