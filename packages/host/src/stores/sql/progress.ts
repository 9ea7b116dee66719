import type { RunEvent, RunStatus } from '@cadre/core';

/** What a run's record says beyond its number. */
export interface Progress {
  readonly status: RunStatus;
  /** Paths of the steps that wait for a person. */
  readonly questions: readonly string[];
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly failureCode?: string;
}

/** What a run's record says before anything has happened. */
export const QUEUED: Progress = { status: 'queued', questions: [] };

/** `undefined`: no event is of a kind that could change what the record says, which is so for most appends. */
export function progressOf(before: Progress, events: readonly RunEvent[]): Progress | undefined {
  const after = events.reduce(change, before);
  return after === before ? undefined : after;
}

/** The preset that a run was started with, as whatever started it has noted. */
export function profileOf({ trigger }: Extract<RunEvent, { type: 'run.created' }>): string | null {
  return typeof trigger['profile'] === 'string' ? trigger['profile'] : null;
}

/** The run that it goes back to: the one around it, or the one that it does again. */
export function originOf({ trigger }: Extract<RunEvent, { type: 'run.created' }>): string | null {
  return typeof trigger['run'] === 'string' ? trigger['run'] : null;
}

function change(before: Progress, event: RunEvent): Progress {
  switch (event.type) {
    case 'run.started':
      return { ...before, status: 'running', startedAt: event.at };
    case 'run.cancelling':
      return { ...before, status: 'cancelling' };
    case 'run.succeeded':
      return { ...before, status: 'succeeded', endedAt: event.at };
    case 'run.cancelled':
      return { ...before, status: 'cancelled', endedAt: event.at };
    case 'run.timed_out':
      return { ...before, status: 'timed_out', endedAt: event.at };
    case 'run.failed':
      return { ...before, status: 'failed', endedAt: event.at, failureCode: event.failure.code };
    case 'step.waiting':
      return asking(before, [...before.questions, event.step]);
    case 'step.answered':
    case 'step.cancelled':
      return asking(
        before,
        before.questions.filter((step) => step !== event.step),
      );
    default:
      return before;
  }
}

function asking(before: Progress, questions: readonly string[]): Progress {
  if (before.status === 'cancelling') return { ...before, questions };
  const wasAsking = before.questions.length > 0;
  if (questions.length > 0) return { ...before, questions, status: 'waiting' };
  return { ...before, questions, status: wasAsking ? 'running' : before.status };
}
