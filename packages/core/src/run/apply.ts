import { applyStep } from './apply-step.ts';
import { charge } from './charge.ts';
import type { NumberedEvent } from './events.ts';
import { EMPTY, lookAt } from './ledger.ts';
import type { RunState } from './state.ts';
import { isOver, type RunStatus } from './status.ts';

/**
 * The state after one more event; O(log n) in the number of steps. `undefined` is the state before the first event.
 * Throws for a gap in the numbers and for an event that cannot have happened: whoever appended it has a bug.
 */
export function apply(state: RunState | undefined, event: NumberedEvent): RunState {
  if (state === undefined) return create(event);
  if (event.number !== state.number + 1) {
    throw new Error(`bug: event ${event.number} (${event.type}) was applied after event ${state.number}`);
  }
  if (isOver(state.status)) {
    throw new Error(`bug: event ${event.number} (${event.type}) came after the run had ${state.status}`);
  }
  return { ...change(state, event), number: event.number, changedAt: event.at };
}

/** The state that a whole journal leaves. Throws like `apply`, and when there are no events. */
export function restore(events: Iterable<NumberedEvent>): RunState {
  let state: RunState | undefined;
  for (const event of events) state = apply(state, event);
  if (state === undefined) throw new Error('bug: a run without events was restored');
  return state;
}

function create(event: NumberedEvent): RunState {
  if (event.number !== 1 || event.type !== 'run.created') {
    throw new Error(`bug: a run began with event ${event.number} (${event.type}) instead of 1 (run.created)`);
  }
  return {
    number: 1,
    changedAt: event.at,
    status: 'queued',
    workflow: event.workflow,
    definition: event.definition,
    inputs: event.inputs,
    mode: event.mode,
    trigger: event.trigger,
    principal: event.principal,
    createdAt: event.at,
    steps: EMPTY.steps,
    running: EMPTY.paths,
    retrying: EMPTY.paths,
    waiting: EMPTY.paths,
    pausing: EMPTY.paths,
    failing: EMPTY.paths,
    agenda: EMPTY.agenda,
    signals: EMPTY.signals,
    charged: EMPTY.paths,
    warned: EMPTY.paths,
    allowed: EMPTY.paths,
    ...(event.asksForBudget === undefined ? {} : { asksForBudget: true }),
    ...(event.reused === undefined ? {} : { reused: event.reused }),
    ...(event.permissionSets === undefined ? {} : { permissionSets: event.permissionSets }),
    ...(event.budget === undefined ? {} : { budget: event.budget }),
    ...(event.group === undefined ? {} : { group: event.group }),
    ...(event.priority === undefined ? {} : { priority: event.priority }),
    ...(event.noCache === undefined ? {} : { noCache: event.noCache }),
    ...(event.workers === undefined ? {} : { workers: event.workers }),
  };
}

function change(state: RunState, event: NumberedEvent): RunState {
  if ('step' in event) {
    if (state.status === 'queued') {
      throw new Error(`bug: event ${event.number} (${event.type}) came before the run was started`);
    }
    const before = event.type === 'step.failing' ? untold(state) : state;
    const next = settleStatus(charge(before, applyStep(before, event), event));
    return event.type === 'step.prioritised' ? { ...next, prioritised: event.number } : next;
  }
  switch (event.type) {
    case 'run.created':
      throw new Error(`bug: event ${event.number} creates the run a second time`);
    case 'run.started':
      return start(state, event);
    case 'run.resumed':
      return untold(state);
    case 'run.signalled':
      return signalled(state, event);
    case 'run.prioritised':
      return { ...state, priority: event.priority, prioritised: event.number };
    case 'run.warned':
      return { ...state, warned: state.warned.add(`${event.scope} ${event.limit}`) };
    case 'run.compensating':
      return { ...state, compensating: event.steps };
    case 'run.cancelling':
      return { ...untold(state), status: 'cancelling' };
    case 'run.succeeded':
      return { ...end(state, event, 'succeeded'), output: event.output };
    case 'run.failed':
      return { ...end(state, event, 'failed'), failure: event.failure };
    case 'run.cancelled':
      return end(state, event, 'cancelled');
    case 'run.timed_out':
      return end(state, event, 'timed_out');
  }
}

/** More than a run could ever take: a sender that never stops must not fill the memory. The oldest are dropped. */
const MOST_SIGNALS = 1_000;

type Signalled = Extract<NumberedEvent, { readonly type: 'run.signalled' }>;

function signalled(state: RunState, { number, topic, data, by, at }: Signalled): RunState {
  const signals = state.signals.push({ number, topic, data, by, at }).takeLast(MOST_SIGNALS);
  const hearing = state.waiting.filter((path) => state.steps.get(path)?.wait?.topic !== undefined);
  return hearing.reduce<RunState>((next, path) => lookAt(next, path), { ...state, signals });
}

function start(state: RunState, event: NumberedEvent): RunState {
  if (state.status !== 'queued') {
    throw new Error(`bug: event ${event.number} starts a run that is ${state.status}`);
  }
  return { ...state, status: 'running', startedAt: event.at };
}

function end(state: RunState, event: NumberedEvent, status: RunStatus): RunState {
  return { ...state, status, endedAt: event.at, agenda: EMPTY.agenda };
}

/** There may be more attempts that are to end, or somebody new who performs them. */
function untold(state: RunState): RunState {
  const { told: _, ...rest } = state;
  return rest;
}

/** A run waits when nothing goes on in it before a person answers or what it waits for comes. */
function settleStatus(state: RunState): RunState {
  if (state.status === 'cancelling') return state;
  const waits = state.waiting.size > 0 && state.running.size === 0 && state.retrying.size === 0;
  const status = waits ? 'waiting' : 'running';
  return state.status === status ? state : { ...state, status };
}
