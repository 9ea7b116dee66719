import { failure } from '@cadre/sdk';
import type { Budget, Workflow } from '../../workflow/workflow.ts';
import type { Command } from '../commands.ts';
import { ON_FAILURE, parentOf } from '../path.ts';
import type { RunState } from '../state.ts';
import { withoutFirst } from '../timers.ts';
import type { Draft } from './draft.ts';
import { isClosed } from './list-state.ts';
import { RUN_TIMED_OUT, stopWith } from './stop.ts';

/** Puts every step whose time has come on the queue. */
export function queueDue(draft: Draft): void {
  let { timers } = draft.state;
  while (timers !== undefined && timers.at <= draft.moment.now) {
    draft.queue.push({ container: parentOf(timers.path) ?? '', children: [timers.path] });
    timers = withoutFirst(timers);
  }
}

/** The run's time limit stops the workflow's steps, and `onFailure` likewise; `finally` has its own steps' limits. */
export function keepTimeLimit(draft: Draft): void {
  const limited = limitedList(draft);
  if (limited === undefined || limitAt(draft) > draft.moment.now) return;
  const wallMs = wallOf(draft.outline.workflow.budget, draft.state);
  const message = `the run took longer than the ${wallMs} ms that its budget gives it`;
  const hint = 'raise budget.wall or make the run shorter';
  stopWith(draft, limited, failure(RUN_TIMED_OUT, message, { hint }));
}

/** One wake at the earliest time at which something is due; given with every decision, so that none is ever lost. */
export function wakeCommands(draft: Draft): Command[] {
  const limit = limitedList(draft) === undefined ? Number.POSITIVE_INFINITY : limitAt(draft);
  const at = Math.min(limit, draft.state.timers?.at ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(at) ? [{ type: 'wake', at }] : [];
}

/** When the run's time is up; infinity where its budget names none. */
export function limitAt({ outline, state }: Draft): number {
  return wallLimitAt(outline.workflow, state);
}

/** The shorter of what the workflow gives itself and what whoever started the run grants it. */
export function wallLimitAt({ budget }: Workflow, state: RunState): number {
  return (state.startedAt ?? Number.POSITIVE_INFINITY) + wallOf(budget, state);
}

function wallOf(budget: Budget | undefined, state: RunState): number {
  const { wallMs = Number.POSITIVE_INFINITY } = budget ?? {};
  return Math.min(wallMs, state.budget?.wallMs ?? Number.POSITIVE_INFINITY);
}

/** The list under way that the time limit holds for, unless it is being stopped already. */
function limitedList({ outline, state }: Draft): string | undefined {
  if (state.status === 'cancelling') return undefined;
  const { steps, onFailure } = outline;
  const open = isClosed(state, '', steps) ? ON_FAILURE : '';
  const begun = open === '' || (state.steps.has(open) && !isClosed(state, open, onFailure));
  return begun && !state.failing.has(open) ? open : undefined;
}
