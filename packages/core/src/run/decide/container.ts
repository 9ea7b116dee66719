import type { JsonValue } from '@cadre/sdk';
import { parentOf } from '../path.ts';
import { type Draft, emit } from './draft.ts';
import { stopReason } from './stop.ts';

/** Ends a container whose children are all over: with the failure that `body` failed with, cut short, or with an output. */
export function closeContainer(
  draft: Draft,
  step: string,
  body: string,
  found: { readonly stopped: () => boolean; readonly output: () => JsonValue },
): void {
  const failure = draft.state.failing.has(body) ? draft.state.steps.get(body)?.failure : undefined;
  if (failure !== undefined) emit(draft, { type: 'step.failed', step, failure });
  else if (isStopped(draft, step) && found.stopped()) emit(draft, { type: 'step.cancelled', step });
  else emit(draft, { type: 'step.succeeded', step, output: found.output() });
}

function isStopped(draft: Draft, step: string): boolean {
  return stopReason(draft.state, parentOf(step) ?? '') !== undefined;
}
