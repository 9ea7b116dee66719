import type { RunEventBody } from '@cadre/core/history';
import { type Failure, failure, SKIPPED } from '@cadre/sdk';
import type { Gate, Performed } from '../ports/gate.ts';
import { isRepeatable } from './action-facts.ts';
import type { PerformStep, StopReason } from './attempt.ts';
import { type Meter, memoryOverrun, overBudget, overTime } from './start-meter.ts';

/** Nothing of it has happened, so trying it is not trying it again. */
export function notBegun(
  { step, attempt }: PerformStep,
  reason: StopReason | undefined,
): RunEventBody | undefined {
  if (reason === 'lost') return undefined;
  if (reason === 'closed') return { type: 'step.interrupted', step, attempt, repeatable: true };
  return { type: 'step.cancelled', step };
}

/** The event that ends an attempt, by what came of it and why it was stopped. */
export function resultOf(
  gate: Gate,
  command: PerformStep,
  { outcome, cachedFrom }: Performed,
  reason: StopReason | undefined,
  meter: Meter,
): StepResult {
  const { step, attempt, uses, timeoutMs, limits } = command;
  const cached = cachedFrom === undefined ? {} : { cached: true as const, cachedFrom, ...unusedOf(limits) };
  // Also when it was told to stop too late to be stopped.
  if (outcome.ok) return { type: 'step.succeeded', step, output: outcome.output, ...cached };
  const overrun = meter.overrun() ?? memoryOverrun(limits, outcome.failure);
  switch (reason) {
    case 'over_time':
      return { type: 'step.failed', step, failure: overTime(step, limits?.wallMs ?? 0, outcome.failure) };
    case 'timed_out':
      return { type: 'step.timed_out', step, failure: timeLimit(step, timeoutMs, outcome.failure) };
    case 'run_timed_out':
      return { type: 'step.timed_out', step, failure: runLimit(step, outcome.failure) };
    case 'cancelled':
      return { type: 'step.cancelled', step };
    case 'closed':
      return { type: 'step.interrupted', step, attempt, repeatable: isRepeatable(gate, uses) };
    default:
      if (overrun === undefined) return ended(step, outcome.failure);
      return { type: 'step.failed', step, failure: overBudget(step, overrun, outcome.failure) };
  }
}

/** Whether its answer was kept was not known when the attempt was counted. [WRK-126] */
function unusedOf(limits: PerformStep['limits']) {
  return limits?.actions === undefined ? {} : { unused: { actions: 1 } };
}

/** An event that ends an attempt. */
type StepResult = Extract<
  RunEventBody,
  {
    readonly type:
      | 'step.succeeded'
      | 'step.failed'
      | 'step.timed_out'
      | 'step.cancelled'
      | 'step.skipped'
      | 'step.interrupted';
  }
>;

function ended(step: string, failed: Failure): StepResult {
  if (failed.code !== SKIPPED) return { type: 'step.failed', step, failure: failed };
  return { type: 'step.skipped', step, reason: skipReason(failed) };
}

function skipReason({ details, message }: Failure): string {
  const given =
    typeof details === 'object' && details !== null && !Array.isArray(details) ? details['reason'] : '';
  return typeof given === 'string' && given !== '' ? given : message;
}

function timeLimit(step: string, timeoutMs: number, cause: Failure): Failure {
  return failure('timed_out', `the step '${step}' was stopped: it took longer than ${timeoutMs / 1_000} s`, {
    hint: `raise its timeout, or make it do less`,
    cause,
  });
}

function runLimit(step: string, cause: Failure): Failure {
  return failure('timed_out', `the step '${step}' was stopped: the time of the whole run was over`, {
    hint: 'give the run more time with --timeout or budget.wall, or make it do less',
    cause,
  });
}
