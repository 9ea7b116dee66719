import { Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import { FINALLY, join, nameOf, ON_FAILURE, parentOf, RECOVER } from './path.ts';
import type { RunState, StepState } from './state.ts';
import { isOver } from './status.ts';

/**
 * What follows from one step's new state for the rest of the run's state. Invariants:
 * 1. A container's `begun` is how many of its children have a state, `over` how many of those are over.
 * 2. `running`, `retrying` and `waiting` hold exactly the steps with that status; of the running ones only attempts.
 * 3. A child that is over or ready stands on the agenda of its container until something is begun there, or the
 *    container ends, unless nothing can follow from it.
 */
export function putStep(state: RunState, path: string, after: StepState): RunState {
  const before = state.steps.get(path);
  const ready = openLists(state, path, after.startedAt ?? after.endedAt);
  const next = {
    ...ready,
    steps: ready.steps.set(path, after),
    running: member(ready.running, path, isAttempt(after)),
    retrying: member(ready.retrying, path, after.status === 'retrying'),
    waiting: member(ready.waiting, path, after.status === 'waiting'),
  };
  return note(count(next, path, before, after), path, after);
}

/** A container that is opened again begins from nothing; what its recovery did is kept. */
export function forgetInside(state: RunState, path: string): RunState {
  const gone = (at: string) => at.startsWith(`${path}/`) && !at.startsWith(`${join(path, RECOVER)}/`);
  return {
    ...state,
    steps: state.steps.filterNot((_, at) => gone(at) && at !== join(path, RECOVER)),
    failing: state.failing.filterNot(gone),
    agenda: state.agenda.filterNot((_, at) => gone(at)),
  };
}

/** A list of steps has no event of its own that opens it: the first thing that happens inside does. */
function openLists(state: RunState, path: string, at: number | undefined): RunState {
  const container = parentOf(path);
  if (container === undefined || state.steps.has(container)) return state;
  return putStep(state, container, newList(at));
}

export function newList(at: number | undefined): StepState {
  return {
    status: 'running',
    attempts: 0,
    deaths: 0,
    ...(at === undefined ? {} : { startedAt: at }),
    begun: 0,
    over: 0,
  };
}

function isAttempt(step: StepState): boolean {
  return step.status === 'running' && step.begun === undefined;
}

function member(set: ImmutableSet<string>, path: string, belongs: boolean): ImmutableSet<string> {
  return belongs ? set.add(path) : set.remove(path);
}

function count(state: RunState, path: string, before: StepState | undefined, after: StepState): RunState {
  const parent = parentOf(path);
  const container = parent === undefined ? undefined : state.steps.get(parent);
  // A recovery is not one of the things that its step consists of.
  if (parent === undefined || container === undefined || nameOf(path) === RECOVER) return state;
  const begun = (container.begun ?? 0) + (before === undefined ? 1 : 0);
  const over = (container.over ?? 0) + overCount(after) - overCount(before);
  if (begun === container.begun && over === container.over) return state;
  return { ...state, steps: state.steps.set(parent, { ...container, begun, over }) };
}

function overCount(step: StepState | undefined): number {
  return step !== undefined && isOver(step.status) ? 1 : 0;
}

/** Invariant 3. */
function note(state: RunState, path: string, after: StepState): RunState {
  const agenda = isOver(after.status) ? forgetAgenda(state.agenda, path, after) : state.agenda;
  const { container, child, inRecovery } = reader(path);
  // The sections need no agenda: every decision looks at how the run ends.
  if (container === undefined || container === ON_FAILURE || container === FINALLY)
    return { ...state, agenda };
  if (!isOver(after.status) && after.status !== 'ready')
    return { ...state, agenda: agenda.delete(container) };
  if (!inRecovery && leadsNowhere(state.steps.get(container), after)) return { ...state, agenda };
  const noted = agenda.update(container, EMPTY.paths, (children) => children.add(child));
  return { ...state, agenda: noted };
}

/** What happens in a recovery matters to the step that is being recovered, and so to the container of that step. */
function reader(path: string): { container: string | undefined; child: string; inRecovery: boolean } {
  const container = parentOf(path);
  if (container === undefined || nameOf(container) !== RECOVER)
    return { container, child: path, inRecovery: false };
  const child = parentOf(container) ?? '';
  return { container: parentOf(child), child, inRecovery: true };
}

/** A chosen branch is a list, which has no end of its own. */
function forgetAgenda(agenda: RunState['agenda'], path: string, ended: StepState): RunState['agenda'] {
  const own = agenda.delete(path);
  return ended.branch === undefined ? own : own.delete(join(path, String(ended.branch)));
}

/**
 * One of many that run at once went well, others still run, and there is no further one to begin. Without this a
 * `forEach` whose elements all run at once would be looked at again for each.
 */
function leadsNowhere(container: StepState | undefined, child: StepState): boolean {
  if (container?.opened === undefined || (child.status !== 'succeeded' && child.status !== 'skipped'))
    return false;
  const begun = container.begun ?? 0;
  return begun !== container.over && begun >= (container.items?.length ?? 0);
}

export const EMPTY = {
  steps: ImmutableMap<string, StepState>(),
  paths: ImmutableSet<string>(),
  agenda: ImmutableMap<string, ImmutableSet<string>>(),
};
