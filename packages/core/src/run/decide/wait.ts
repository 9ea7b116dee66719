import { type Failure, failure, type JsonObject, type JsonValue } from '@cadre/sdk';
import { CadreError } from '../../errors.ts';
import { topicFits } from '../../expression/topic.ts';
import type { Step } from '../../workflow/workflow.ts';
import type { Wait } from '../events.ts';
import type { Signal, StepState } from '../state.ts';
import { ACTIVE, type Draft, emit, type Standing, type StepPlace } from './draft.ts';
import { evaluateCondition, evaluateWhole, outcomeOf, textOf } from './scope.ts';
import { wallDeadline } from './step-time.ts';

type WaitStep = Extract<Step, { readonly kind: 'wait' }>;

/** Times count from now; a signal that came before it is taken at once. */
export function beginWait(draft: Draft, place: StepPlace): void {
  const { path } = place;
  const wait = outcomeOf(path, () => waitOf(draft, place));
  if (wait.ok)
    emit(draft, { type: 'step.waiting', step: path, wait: wait.output, ...wallDeadline(draft, place) });
  else emit(draft, { type: 'step.failed', step: path, failure: wait.failure });
}

/** In a rehearsal nothing is waited for. */
export function settleWait(draft: Draft, place: StepPlace, wait: Wait): Standing | undefined {
  const { now } = draft.moment;
  const { path } = place;
  if (draft.state.mode === 'plan') return wake(draft, path, 'plan');
  if (wait.until !== undefined && wait.until <= now) return wake(draft, path, 'time');
  const signal = outcomeOf(path, () => findSignal(draft, place, wait));
  if (!signal.ok) return end(draft, path, 'step.failed', signal.failure);
  if (signal.output !== undefined) return wake(draft, path, signal.output.by, signal.output.number);
  const passed = wait.deadline !== undefined && wait.deadline <= now;
  return passed ? end(draft, path, 'step.timed_out', tooLong(path, wait)) : ACTIVE;
}

function wake(draft: Draft, step: string, by: string, signal?: number): undefined {
  emit(draft, { type: 'step.woken', step, by, ...(signal === undefined ? {} : { signal }) });
}

function end(draft: Draft, step: string, type: 'step.failed' | 'step.timed_out', failed: Failure): undefined {
  emit(draft, { type, step, failure: failed });
}

/** What the step gives once it was woken: the event, or when it went on. */
export function wokenOutput(draft: Draft, { woken }: StepState): JsonValue {
  const signal = woken?.signal;
  if (signal !== undefined) return eventOf(signal);
  return { by: woken?.by ?? 'time', at: new Date(draft.moment.now).toISOString() };
}

function waitOf(draft: Draft, place: StepPlace): Wait {
  const step = stepOf(place);
  const { now } = draft.moment;
  if (step.forMs !== undefined) return { until: now + step.forMs };
  if (step.until !== undefined) return { until: timeOf(place, evaluateWhole(draft, place, step.until)) };
  return {
    topic: textOf(evaluateWhole(draft, place, step.event ?? '')),
    ...(step.deadlineMs === undefined ? {} : { deadline: now + step.deadlineMs }),
  };
}

function timeOf({ path }: StepPlace, value: JsonValue): number {
  const time = typeof value === 'number' ? value : Date.parse(String(value));
  if (Number.isFinite(time)) return time;
  throw new CadreError(
    'invalid_expression',
    `'${path}' waits until ${JSON.stringify(value)}, which is no time`,
    {
      hint: 'give an ISO 8601 time such as 2027-01-31T08:00:00Z, or milliseconds since 1970',
    },
  );
}

/** The oldest that fits. The condition sees the signal as `event`. */
function findSignal(draft: Draft, place: StepPlace, { topic }: Wait): Signal | undefined {
  if (topic === undefined) return undefined;
  const { when } = stepOf(place);
  return draft.state.signals.find(
    (signal) =>
      topicFits(topic, signal.topic) &&
      (when === undefined || evaluateCondition(draft, place, when, eventOf(signal))),
  );
}

function eventOf({ topic, data, by, at }: Signal): JsonObject {
  return { topic, data, by, at: new Date(at).toISOString() };
}

function tooLong(path: string, { topic }: Wait): Failure {
  return failure('timed_out', `'${path}' waited too long for the event ${topic}`, {
    hint: 'raise its `timeout`, or see who was to send the event',
    details: { step: path },
  });
}

function stepOf({ path, node }: StepPlace): WaitStep {
  if (node.step.kind !== 'wait') throw new Error(`bug: the step '${path}' waits for nothing`);
  return node.step;
}
