import { type Failure, failure } from '@cadre/sdk';
import { FINALLY, join } from '../path.ts';
import type { StepState } from '../state.ts';
import { type Draft, type ListPlace, type StepPlace, stepAt } from './draft.ts';
import { failureOf } from './failure-of.ts';
import { HELD, hasFailed, holderOf } from './held.ts';
import { isClosed } from './list-state.ts';
import { routeFor } from './route.ts';
import { fail, stopReason } from './stop.ts';

/**
 * A list whose steps are all over fails after all: with the first failure that was put off (`onError: defer`, or that of
 * a check that holds others), or because not one step of the run could do its work.
 */
export function failLate(draft: Draft, place: ListPlace): void {
  const { path, list } = place;
  if (stopReason(draft.state, path) !== undefined) return;
  // The workflow's own list is looked at again while what comes after it goes on.
  const isOwn = path === '';
  if (isOwn && draft.state.steps.has(FINALLY)) return;
  if ((!isOwn && list.late.length === 0) || !isClosed(draft.state, path, list)) return;
  const found = putOff(draft, place) ?? (isOwn ? nothingCouldRun(draft) : undefined);
  if (found !== undefined) fail(draft, path, found);
}

function putOff(draft: Draft, { path, list }: ListPlace): Failure | undefined {
  for (const node of list.late) {
    const place: StepPlace = { path: join(path, node.step.id), node };
    const state = stepAt(draft, place.path);
    const failed = hasFailed(state.status) && isPutOff(place, state) ? place : undefined;
    const holder = state.status === 'skipped' && state.reason === HELD ? holderOf(draft, place) : undefined;
    const from = failed ?? holder;
    if (from !== undefined) return failureOf(from, stepAt(draft, from.path));
  }
  return undefined;
}

/** A person who was asked may have said that a failure does not matter, but for others a check still has failed. */
function isPutOff(place: StepPlace, state: StepState): boolean {
  const { holds, step } = place.node;
  const waved = state.answer?.answer === 'continue';
  return holds || (!waved && routeFor(step.onError, failureOf(place, state)).kind === 'defer');
}

/** Skipped steps alone are no failure; but when one of them lacked its tool and none did anything, nothing is proved. */
function nothingCouldRun({ state }: Draft): Failure | undefined {
  const lacking: string[] = [];
  for (const [path, step] of state.steps) {
    const isContainer = step.opened !== undefined || step.begun !== undefined;
    if (isContainer) continue;
    if (step.status !== 'skipped') return undefined;
    if (/^tool_missing\b/.test(step.reason ?? '')) lacking.push(path);
  }
  if (lacking.length === 0) return undefined;
  const message = `no step could do its work: ${lacking.join(', ')} ${lacking.length === 1 ? 'lacks its tool' : 'lack their tools'}`;
  return failure('tool_missing', message, { hint: 'cadre doctor says what is missing and how to get it' });
}
