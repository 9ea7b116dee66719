import type { ExtensionEnd } from '@cadre/sdk';
import type { RunEvent } from '../run/events.ts';

/**
 * How an attempt ended, as this one event says; undefined: it says nothing of that. An attempt that was interrupted, or after
 * which there is another one, has failed.
 */
export function endOfAttempt(event: RunEvent, step: string, attempt: number): ExtensionEnd | undefined {
  if (!('step' in event)) return RUN_ENDS[event.type];
  if (event.step !== step) return undefined;
  if (event.type === 'step.started') return event.attempt > attempt ? 'failed' : undefined;
  return STEP_ENDS[event.type];
}

const STEP_ENDS: Partial<Record<RunEvent['type'], ExtensionEnd>> = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.timed_out': 'failed',
  'step.retrying': 'failed',
  'step.interrupted': 'failed',
  'step.cancelled': 'cancelled',
  'step.skipped': 'cancelled',
};

/** Nothing of a run goes on after it. */
const RUN_ENDS: Partial<Record<RunEvent['type'], ExtensionEnd>> = {
  'run.succeeded': 'cancelled',
  'run.failed': 'cancelled',
  'run.cancelled': 'cancelled',
  'run.timed_out': 'cancelled',
};
