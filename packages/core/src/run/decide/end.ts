import type { Failure, JsonValue, Outcome } from '@cadre/sdk';
import { evaluate } from '../../expression/evaluate.ts';
import { stepsRead } from '../../workflow/graph.ts';
import type { List } from '../outline.ts';
import { FINALLY, ON_FAILURE } from '../path.ts';
import type { RunState } from '../state.ts';
import { compensate } from './compensate.ts';
import { type Draft, emit } from './draft.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';
import { outcomeOf, scopeAt } from './scope.ts';
import { isRunTimeout, stopReason } from './stop.ts';
import { limitAt } from './time.ts';

/** The workflow's steps, then what undoes them and `onFailure` when they failed, then `finally`, then the end: each when the one before is over. */
export function advanceRun(draft: Draft): void {
  const { steps, onFailure, finally: last } = draft.outline;
  if (!isFinished(draft, '', steps)) return;
  if (needsUndoing(draft) && !compensate(draft)) return;
  if (needsOnFailure(draft) && !isFinished(draft, ON_FAILURE, onFailure)) return;
  if (isFinished(draft, FINALLY, last)) endRun(draft);
}

function isFinished(draft: Draft, path: string, list: List): boolean {
  if (isUnderWay(draft.state, path, list)) return false;
  advanceList(draft, { path, list }, []);
  return isClosed(draft.state, path, list);
}

/** Whatever happens inside it climbs up to it by itself; only a list that is begun, stopped or over needs to be told. */
function isUnderWay(state: RunState, path: string, list: List): boolean {
  const begun = state.steps.get(path)?.begun ?? 0;
  return begun > 0 && !isClosed(state, path, list) && stopReason(state, path) === undefined;
}

/** Whoever cancels a run wants it to end now; what it had done is left to them. */
function needsUndoing({ state }: Draft): boolean {
  return state.failing.has('') && (state.compensating !== undefined || state.status !== 'cancelling');
}

/** It is part of what the run's time limit and a cancellation hold for. */
function needsOnFailure(draft: Draft): boolean {
  if (draft.state.steps.has(ON_FAILURE)) return true;
  if (draft.state.status === 'cancelling' || limitAt(draft) <= draft.moment.now) return false;
  return draft.state.failing.has('');
}

/** What the steps failed with goes before what `finally` failed with. */
function endRun(draft: Draft): void {
  const failure = failureOf(draft, '') ?? failureOf(draft, FINALLY);
  if (draft.state.status === 'cancelling') emit(draft, { type: 'run.cancelled' });
  else if (failure === undefined) succeed(draft);
  else if (isRunTimeout(failure)) emit(draft, { type: 'run.timed_out' });
  else emit(draft, { type: 'run.failed', failure });
}

function succeed(draft: Draft): void {
  const output = outputsOf(draft);
  if (output.ok) emit(draft, { type: 'run.succeeded', output: output.output });
  else emit(draft, { type: 'run.failed', failure: output.failure });
}

function outputsOf(draft: Draft): Outcome<JsonValue> {
  const { outputs } = draft.outline.workflow;
  return outcomeOf('', () => evaluate(outputs, scopeAt(draft, '', stepsRead(outputs))));
}

function failureOf(draft: Draft, list: string): Failure | undefined {
  return draft.state.failing.has(list) ? draft.state.steps.get(list)?.failure : undefined;
}
