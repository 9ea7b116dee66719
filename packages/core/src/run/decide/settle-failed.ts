import type { Failure } from '@cadre/sdk';
import { join, parentOf, RECOVER } from '../path.ts';
import type { StepState } from '../state.ts';
import {
  ACTIVE,
  DONE,
  type Draft,
  emit,
  type ListPlace,
  type Standing,
  type StepPlace,
  stepAt,
} from './draft.ts';
import { failureOf } from './failure-of.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';
import { isPoison, quarantined } from './quarantine.ts';
import { mayRetry, retryDelay, retryOf } from './retry.ts';
import { routeFor } from './route.ts';
import { ask } from './settle-waiting.ts';
import { stopReason } from './stop.ts';

/** Retry first, then what `onError` says. A step whose recovery is under way stays `failed` and is waited for. */
export function settleFailed(draft: Draft, place: StepPlace, state: StepState): Standing | undefined {
  const recovery = recoveryOf(place);
  advanceRecovery(draft, recovery);
  if (isUnderWay(draft, recovery)) return ACTIVE;
  const failure = failureOf(place, state);
  if (isStopped(draft, place) || isLost(place, state)) return { kind: 'fatal', failure };
  if (isPoison(state)) {
    ask(draft, place, 'quarantined', quarantined(place.path, state));
    return undefined;
  }
  const retry = retryOf(draft.outline.workflow, place.node.step);
  if (retry === undefined || !mayRetry(retry, state)) return followOnError(draft, place, state, failure);
  const { attempts, deaths } = state;
  const dueAt = draft.moment.now + retryDelay(retry, attempts - deaths, draft.moment.random);
  emit(draft, { type: 'step.retrying', step: place.path, attempt: attempts, failure, dueAt });
  return undefined;
}

function followOnError(
  draft: Draft,
  place: StepPlace,
  state: StepState,
  failure: Failure,
): Standing | undefined {
  if (state.answer?.answer === 'continue') return DONE;
  const route = routeFor(place.node.step.onError, failure);
  switch (route.kind) {
    case 'continue':
    case 'defer':
      return DONE;
    case 'abort':
      return { kind: 'fatal', failure };
    case 'escalate':
      ask(draft, place, 'escalated', failure, route);
      return undefined;
    case 'recover':
      return recover(draft, place, state, failure, route.then);
  }
}

/** Somebody ended it while nothing around it was being stopped. */
export function settleCancelled(draft: Draft, place: StepPlace): Standing {
  const cancelled = failureOf(place, stepAt(draft, place.path));
  const { kind } = routeFor(place.node.step.onError, cancelled);
  const goesOn = kind === 'continue' || kind === 'defer';
  return isStopped(draft, place) || goesOn ? DONE : { kind: 'fatal', failure: cancelled };
}

function isStopped(draft: Draft, { path }: StepPlace): boolean {
  return stopReason(draft.state, parentOf(path) ?? '') !== undefined;
}

/** A person's `abort` goes before what the text says, and what is not built cannot be mended by the workflow. */
function isLost({ node }: StepPlace, state: StepState): boolean {
  return node.step.kind === 'unbuilt' || state.answer?.answer === 'abort';
}

/**
 * Performs the recovery once. After it a step with `then: continue` stays `failed`, so that its failure remains visible
 * to later steps and in the report, but the run goes on, and what reads its output gets what the recovery gave.
 */
function recover(
  draft: Draft,
  place: StepPlace,
  state: StepState,
  failure: Failure,
  afterwards: 'retry' | 'continue',
): Standing | undefined {
  const recovery = recoveryOf(place);
  if (recovery === undefined || state.recovered) return { kind: 'fatal', failure };
  if (!isClosed(draft.state, recovery.path, recovery.list)) {
    advanceList(draft, recovery, []);
    return undefined;
  }
  if (draft.state.failing.has(recovery.path)) return { kind: 'fatal', failure };
  if (afterwards === 'continue') return DONE;
  draft.moves.begin(draft, place);
  return undefined;
}

function recoveryOf({ path, node }: StepPlace): ListPlace | undefined {
  return node.recover === undefined ? undefined : { path: join(path, RECOVER), list: node.recover };
}

function advanceRecovery(draft: Draft, recovery: ListPlace | undefined): void {
  if (recovery !== undefined && isUnderWay(draft, recovery)) advanceList(draft, recovery, []);
}

function isUnderWay(draft: Draft, recovery: ListPlace | undefined): boolean {
  if (recovery === undefined || !draft.state.steps.has(recovery.path)) return false;
  return !isClosed(draft.state, recovery.path, recovery.list);
}
