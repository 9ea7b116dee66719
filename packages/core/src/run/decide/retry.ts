import type { Failure } from '@cadre/sdk';
import type { Retry, Step, Workflow } from '../../workflow/workflow.ts';
import type { StepState } from '../state.ts';

/** What the workflow says for all holds for actions: a container's parts have been retried by themselves already. */
export function retryOf(workflow: Workflow, step: Step): Retry | undefined {
  return step.retry ?? (step.kind === 'action' ? workflow.defaults.retry : undefined);
}

/** Attempts whose process died are not counted: they say nothing about the work. */
export function mayRetry(retry: Retry, state: StepState): boolean {
  return state.attempts > 0 && state.attempts - state.deaths < retry.attempts && isWorthIt(retry, state);
}

/** A time limit was the author's word, so more time is given only where the author asks for it. */
function isWorthIt(retry: Retry, { status, failure }: StepState): boolean {
  const code = status === 'timed_out' ? 'timed_out' : (failure?.code ?? '');
  if (retry.on?.includes(code)) return true;
  return status === 'failed' && failure?.retryable === true;
}

/**
 * Milliseconds until the next attempt: delay × backoff^(n−1), at most `maxDelayMs`, n the number of attempts that failed.
 * Full jitter takes anything from 0 up to that (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function retryDelay(retry: Retry, failed: number, random: number): number {
  const delay = Math.min(retry.delayMs * retry.backoff ** (failed - 1), retry.maxDelayMs);
  return Math.round(retry.jitter === 'full' ? delay * random : delay);
}

/** A container's failure already names the step that it comes from. */
export function withStep(failure: Failure, path: string): Failure {
  const { details } = failure;
  if (details === undefined || details === null) return { ...failure, details: { step: path } };
  const known = typeof details === 'object' && !Array.isArray(details) ? details : { given: details };
  return { ...failure, details: { ...known, step: path } };
}
