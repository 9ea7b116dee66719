import type { JsonValue } from '@cadre/sdk';
import { List as ImmutableList, Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import { isAside, isWithin, join, nameOf, parentOf, RECOVER } from './path.ts';
import { PENDING, type RunState, type Signal, type StepState } from './state.ts';
import { isOver } from './status.ts';
import { addTimer, type Timers, withoutFirst } from './timers.ts';

type Steps = RunState['steps'];

/**
 * What follows from one step's new state for the rest of the run's state. Invariants:
 * 1. A container's `begun` is how many of its children have a state, `over` how many of those are over.
 * 2. `running`, `retrying` and `waiting` hold exactly the steps with that status, of the running ones only attempts;
 *    `pausing` the repeats between two going-throughs.
 * 3. A child that is over or ready stands on the agenda of its container until a decision has looked at it, which shows
 *    when something is begun in the container.
 * 4. Every retrying step, and every waiting one or container with a deadline, has its time in `timers`; the first one
 *    always holds.
 * 5. Inside a container that forgets (a compact forEach or repeat) each container knows its children by name.
 */
export function putStep(state: RunState, path: string, put: StepState): RunState {
  const before = state.steps.get(path);
  const ready = openLists(state, path, put.startedAt ?? put.endedAt);
  const after = knowsChildren(ready, path, put) ? { ...put, children: before?.children ?? EMPTY.paths } : put;
  const steps = counted(ready.steps.set(path, after), path, before, after);
  const timers = timersWith(ready.timers, steps, path, after);
  return {
    ...(timers === ready.timers ? ready : withTimers(ready, timers)),
    steps,
    running: member(ready.running, path, isAttempt(after)),
    retrying: member(ready.retrying, path, after.status === 'retrying'),
    waiting: member(ready.waiting, path, after.status === 'waiting'),
    pausing: member(ready.pausing, path, after.status === 'running' && after.dueAt !== undefined),
    agenda: noted(ready.agenda, path, after),
  };
}

/** Invariant 5. */
function knowsChildren({ steps }: RunState, path: string, put: StepState): boolean {
  const { begun, opened, compact = false } = put;
  if (begun === undefined) return false;
  const container = parentOf((isAside(nameOf(path)) && parentOf(path)) || path);
  const around = container === undefined ? undefined : steps.get(container);
  return (opened === 'repeat' && compact) || around?.compact === true || around?.children !== undefined;
}

/** A container that is opened again begins from nothing; what its recovery did is kept. */
export function forgetInside(state: RunState, path: string): RunState {
  const children = state.steps.get(path)?.children;
  return children === undefined ? forgetAnyInside(state, path) : forgetChildren(state, path, children);
}

function forgetChildren(state: RunState, path: string, children: ImmutableSet<string>): RunState {
  const gone = pathsInside(state, path, children);
  const steps = state.steps.withMutations((map) => {
    for (const at of gone) map.delete(at);
    map.update(path, PENDING, (container) => ({ ...container, children: EMPTY.paths }));
  });
  const agenda = state.agenda.withMutations((map) => {
    for (const at of gone) map.delete(at);
  });
  const failing = state.failing.size === 0 ? state.failing : state.failing.subtract(gone);
  return { ...state, steps, agenda, failing };
}

function pathsInside({ steps }: RunState, path: string, children: ImmutableSet<string>): string[] {
  const names = [...children].filter((name) => name !== RECOVER);
  const pending = names.map((name) => join(path, name));
  for (const at of pending) {
    for (const name of steps.get(at)?.children ?? []) pending.push(join(at, name));
    const recovery = join(at, RECOVER);
    if (steps.has(recovery)) pending.push(recovery);
  }
  return pending;
}

function forgetAnyInside(state: RunState, path: string): RunState {
  const gone = (at: string) => isWithin(at, path) && !isWithin(at, join(path, RECOVER));
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
  if (belongs) return set.add(path);
  return set.size === 0 ? set : set.remove(path);
}

/** Invariant 1. */
function counted(steps: Steps, path: string, before: StepState | undefined, after: StepState): Steps {
  const parent = parentOf(path);
  const container = parent === undefined ? undefined : steps.get(parent);
  // What mends or undoes a step is not one of the things that it consists of.
  if (parent === undefined || container === undefined || isAside(nameOf(path))) return steps;
  const begun = (container.begun ?? 0) + (before === undefined ? 1 : 0);
  const over = (container.over ?? 0) + overCount(after) - overCount(before);
  if (begun === container.begun && over === container.over) return steps;
  const children = container.children?.add(nameOf(path));
  return steps.set(parent, { ...container, begun, over, ...(children === undefined ? {} : { children }) });
}

function overCount(step: StepState | undefined): number {
  return step !== undefined && isOver(step.status) ? 1 : 0;
}

/** Invariant 3. */
function noted(agenda: RunState['agenda'], path: string, after: StepState): RunState['agenda'] {
  const container = parentOf(path);
  const others = isOver(after.status) ? agenda.delete(path) : agenda;
  if (container === undefined) return others;
  if (!isOver(after.status) && after.status !== 'ready') return others.delete(container);
  return others.update(container, EMPTY.paths, (children) => children.add(path));
}

/** Something came that the step may go on from. */
export function lookAt(state: RunState, path: string): RunState {
  const container = parentOf(path);
  if (container === undefined) return state;
  return {
    ...state,
    agenda: state.agenda.update(container, EMPTY.paths, (children) => children.add(path)),
  };
}

/** Invariant 4. */
function timersWith(known: Timers | undefined, steps: Steps, path: string, after: StepState) {
  const due = dueAt(after);
  let timers = due === undefined ? known : addTimer(known, due, path);
  while (timers !== undefined && dueAt(steps.get(timers.path)) !== timers.at) timers = withoutFirst(timers);
  return timers;
}

function withTimers(state: RunState, timers: Timers | undefined): RunState {
  const { timers: _, ...rest } = state;
  return timers === undefined ? rest : { ...rest, timers };
}

function dueAt(step: StepState | undefined): number | undefined {
  switch (step?.status) {
    case 'retrying':
      return step.dueAt;
    case 'waiting':
      return earlier(step.question?.deadline ?? step.wait?.until ?? step.wait?.deadline, step.deadline);
    case 'running':
      return step.failure === undefined ? earlier(step.deadline, step.dueAt) : undefined;
    default:
      return undefined;
  }
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

export const EMPTY = {
  signals: ImmutableList<Signal>(),
  results: ImmutableMap<number, JsonValue>(),
  steps: ImmutableMap<string, StepState>(),
  paths: ImmutableSet<string>(),
  agenda: ImmutableMap<string, ImmutableSet<string>>(),
};
