import type { Failure, JsonValue } from '@cadre/sdk';
import type { Node } from '../outline.ts';
import { parentOf } from '../path.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { earlier, wallOf } from './step-time.ts';
import { stopReason } from './stop.ts';

/**
 * Ends a container whose children are all over: with the failure of the list inside it or its own time limit, cut short
 * from outside, or with an output.
 */
export function closeContainer(
  draft: Draft,
  step: string,
  body: string,
  found: { readonly stopped: () => boolean; readonly output: () => JsonValue },
): void {
  const failure = failingWith(draft, body) ?? failingWith(draft, step);
  if (failure !== undefined) emit(draft, { type: failedType(failure, step), step, failure });
  else if (isStopped(draft, step) && found.stopped()) emit(draft, { type: 'step.cancelled', step });
  else emit(draft, { type: 'step.succeeded', step, output: found.output() });
}

/** Whether nothing inside a loop's body is looked at again once it is over: nothing there can be undone. */
export function isForgettable({ lists }: Node): boolean {
  return lists.every(({ steps }) =>
    steps.every((node) => node.compensate === undefined && isForgettable(node)),
  );
}

/** For the event that opens a container; nothing where its step has no time limit of its own. */
export function deadlineOf(draft: Draft, { path, node }: StepPlace): { readonly deadline?: number } {
  const { timeoutMs } = node.step;
  const timeLimit = timeoutMs === undefined ? undefined : draft.moment.now + timeoutMs;
  const deadline = earlier(timeLimit, wallOf(draft, path, node.step));
  return deadline === undefined ? {} : { deadline };
}

function failingWith({ state }: Draft, path: string): Failure | undefined {
  return state.failing.has(path) ? state.steps.get(path)?.failure : undefined;
}

/** A failure that comes from inside names a step inside. */
function failedType({ code, details }: Failure, path: string): 'step.timed_out' | 'step.failed' {
  const own = details !== null && typeof details === 'object' && 'step' in details && details.step === path;
  return own && code === 'timed_out' ? 'step.timed_out' : 'step.failed';
}

function isStopped(draft: Draft, step: string): boolean {
  return stopReason(draft.state, parentOf(step) ?? '') !== undefined;
}
