import { type Failure, failure } from '@cadre/sdk';
import type { StepState } from '../state.ts';
import type { StepStatus } from '../status.ts';
import { performAttempt } from './action.ts';
import { startChild } from './child.ts';
import { ACTIVE, DONE, type Draft, type Standing, type StepPlace, stepAt } from './draft.ts';
import { wakeRepeat } from './repeat.ts';
import { settleCancelled, settleFailed } from './settle-failed.ts';
import { settleReady, settleWaiting } from './settle-waiting.ts';
import { wallExceeded, wallOf } from './step-time.ts';
import { stopWith } from './stop.ts';

/** `undefined`: something was decided, look again. */
type Settle = (draft: Draft, place: StepPlace, state: StepState) => Standing | undefined;

const SETTLE: Readonly<Record<StepStatus, Settle>> = {
  pending: () => ACTIVE,
  running: settleRunning,
  succeeded: () => DONE,
  skipped: () => DONE,
  retrying: settleRetrying,
  waiting: settleWaiting,
  ready: settleReady,
  cancelled: settleCancelled,
  failed: settleFailed,
  timed_out: settleFailed,
};

/** Decides everything about a step that was begun that needs nothing further from outside. */
export function settle(draft: Draft, place: StepPlace): Standing {
  draft.visit(place.path);
  for (;;) {
    const state = stepAt(draft, place.path);
    const standing = SETTLE[state.status](draft, place, state);
    if (standing !== undefined) return standing;
  }
}

/**
 * An attempt's time limit is kept by whoever performs it, a container's here; also while something around it is being
 * stopped, because a time that has passed and changes nothing would be due for ever.
 */
function settleRunning(draft: Draft, place: StepPlace, { deadline }: StepState): Standing | undefined {
  const { path } = place;
  const passed = deadline !== undefined && deadline <= draft.moment.now;
  if (draft.state.failing.has(path)) return ACTIVE;
  if (!passed) return wakeRepeat(draft, place) ? undefined : ACTIVE;
  const wallAt = wallOf(draft, path, place.node.step);
  const planned = place.node.step.budget?.wallMs ?? 0;
  const ofBudget = wallAt !== undefined && wallAt <= deadline;
  stopWith(draft, path, ofBudget ? wallExceeded(path, planned) : tooLong(path));
  return ACTIVE;
}

function tooLong(path: string): Failure {
  const message = `the step '${path}' took longer than its time limit`;
  return failure('timed_out', message, { hint: 'raise its timeout', details: { step: path } });
}

/** The `if` of an action is not asked again: it held when the step began. */
function settleRetrying(draft: Draft, place: StepPlace, state: StepState): Standing | undefined {
  if ((state.dueAt ?? 0) > draft.moment.now) return ACTIVE;
  if (place.node.step.kind === 'action') performAttempt(draft, place);
  else if (place.node.step.kind === 'workflow') startChild(draft, place);
  else draft.moves.begin(draft, place);
  return undefined;
}
