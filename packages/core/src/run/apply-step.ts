import { latestUsage } from '../budget/usage.ts';
import { answersTo, type RunEvent } from './events.ts';
import { EMPTY, forgetInside, newList, putStep } from './ledger.ts';
import { isWithin, nameOf, parentOf } from './path.ts';
import { PENDING, type RunState, type StepState } from './state.ts';
import type { StepStatus } from './status.ts';

export type StepEvent = Extract<RunEvent, { readonly step: string }>;

/**
 * Which statuses an event may follow. `failed` and `timed_out` are not the end of a step whose `retry` or `onError` goes
 * on from there; the decision that does so stands in the same append as the failure.
 */
const FOLLOWS: Readonly<Record<StepEvent['type'], readonly StepStatus[]>> = {
  'step.started': ['pending', 'retrying', 'ready', 'failed', 'timed_out'],
  'step.spent': ['running'],
  'step.opened': ['pending', 'retrying', 'ready', 'failed', 'timed_out'],
  'step.iterating': ['running'],
  'step.pausing': ['running'],
  'step.failing': ['pending', 'running'],
  'step.succeeded': ['pending', 'running', 'ready'],
  'step.failed': ['pending', 'running', 'retrying', 'waiting', 'ready', 'failed', 'timed_out'],
  'step.timed_out': ['running', 'waiting'],
  'step.cancelled': ['running', 'retrying', 'waiting', 'ready'],
  'step.skipped': ['pending', 'running', 'retrying', 'ready', 'failed', 'timed_out'],
  'step.retrying': ['failed', 'timed_out'],
  'step.waiting': ['pending', 'retrying', 'ready', 'failed', 'timed_out'],
  'step.woken': ['waiting'],
  'step.prioritised': ['running'],
  'step.delegated': ['waiting'],
  'step.answered': ['waiting'],
  'step.interrupted': ['running'],
};

/** The run after something happened to one of its steps. Throws when that cannot have happened: a bug of the writer. */
export function applyStep(state: RunState, event: StepEvent): RunState {
  const before = state.steps.get(event.step) ?? PENDING;
  if (!FOLLOWS[event.type].includes(before.status)) {
    throw new Error(`bug: ${event.type} cannot follow: the step '${event.step}' is ${before.status}`);
  }
  return APPLY[event.type](state, before, event as never);
}

type Apply<T extends StepEvent['type']> = (
  state: RunState,
  before: StepState,
  event: Extract<StepEvent, { readonly type: T }>,
) => RunState;

const APPLY: { readonly [T in StepEvent['type']]: Apply<T> } = {
  'step.started': (state, before, event) => {
    expectAttempt(event, before.attempts + 1);
    return putStep(state, event.step, {
      ...again(before, event),
      status: 'running',
      attempts: event.attempt,
      ...(event.child === undefined ? {} : { child: event.child }),
      ...(event.reserved === undefined ? {} : { reserved: event.reserved }),
    });
  },
  'step.spent': (state, before, event) => {
    expectAttempt(event, before.attempts);
    return noteAt(state, event.step, { ...before, spent: latestUsage(before.spent, event.usage) });
  },
  'step.opened': (state, before, event) => {
    const emptied = before === PENDING ? state : forgetInside(state, event.step);
    return putStep(emptied, event.step, {
      ...again(before, event),
      ...newList(before.startedAt ?? event.at),
      attempts: before.attempts + 1,
      opened: openedKind(event),
      ...(event.items === undefined ? {} : { items: event.items }),
      ...(event.branch === undefined ? {} : { branch: event.branch }),
      ...(event.repeats === undefined ? {} : { iteration: 0 }),
      ...(event.compact === undefined ? {} : { compact: true }),
      ...(event.compact === undefined || event.items === undefined ? {} : { results: EMPTY.results }),
      ...(event.deadline === undefined ? {} : { deadline: event.deadline }),
    });
  },
  'step.iterating': (state, before, event) => {
    const { dueAt: _, ...rest } = before;
    if (event.iteration !== (before.iteration ?? 0) + 1) {
      throw new Error(`bug: '${event.step}' goes through ${event.iteration} after ${before.iteration}`);
    }
    const next = { ...rest, iteration: event.iteration, iteratedAt: event.at };
    if (before.compact !== true) return putStep(state, event.step, next);
    return putStep(forgetInside(state, event.step), event.step, { ...next, begun: 0, over: 0 });
  },
  'step.pausing': (state, before, event) => putStep(state, event.step, { ...before, dueAt: event.dueAt }),
  'step.failing': (state, before, event) => {
    const open = before.status === 'running' ? before : newList(event.at);
    const next = putStep(state, event.step, { ...open, failure: event.failure });
    return { ...next, failing: next.failing.add(event.step) };
  },
  'step.succeeded': (state, before, event) => {
    const reused =
      state.reused !== undefined && before === PENDING && Object.hasOwn(state.reused.steps, event.step);
    const reason = reused ? { reason: 'reused' } : {};
    const cached = event.cachedFrom === undefined ? {} : { cachedFrom: event.cachedFrom };
    return compacted(
      end(state, before, event, { status: 'succeeded', output: event.output, ...reason, ...cached }),
      event,
    );
  },
  'step.failed': (state, before, event) =>
    end(state, before, event, {
      status: 'failed',
      failure: event.failure,
      ...(event.failure.code === WORKER_DIED ? { kills: (before.kills ?? 0) + 1 } : {}),
    }),
  'step.timed_out': (state, before, event) =>
    end(state, before, event, { status: 'timed_out', failure: event.failure }),
  'step.cancelled': (state, before, event) => end(state, before, event, { status: 'cancelled' }),
  'step.skipped': (state, before, event) =>
    end(state, before, event, { status: 'skipped', reason: event.reason }),
  'step.retrying': (state, before, event) => {
    expectAttempt(event, before.attempts);
    return putStep(state, event.step, {
      ...lasting(before),
      status: 'retrying',
      failure: event.failure,
      dueAt: event.dueAt,
    });
  },
  'step.waiting': (state, before, event) =>
    putStep(state, event.step, {
      // A failure that a person is asked about is no second try.
      ...(ASKED_OF_FAILED.has(event.question?.kind) ? lasting(before) : again(before, event)),
      startedAt: before.startedAt ?? event.at,
      status: 'waiting',
      ...(event.question === undefined ? {} : { question: event.question }),
      ...(event.wait === undefined ? {} : { wait: event.wait }),
      ...(event.deadline === undefined ? {} : { deadline: event.deadline }),
    }),
  'step.woken': (state, before, event) => {
    const signal = state.signals.find(({ number }) => number === event.signal);
    const rest = signal === undefined ? state.signals : state.signals.filterNot((each) => each === signal);
    const woken = { by: event.by, ...(signal === undefined ? {} : { signal }) };
    return putStep({ ...state, signals: rest }, event.step, { ...before, status: 'ready', woken });
  },
  'step.prioritised': (state, before, event) =>
    putStep(state, event.step, { ...before, priority: event.priority }),
  'step.delegated': (state, before, event) => {
    const { question } = before;
    if (question === undefined) throw new Error(`bug: the step '${event.step}' asks nothing to delegate`);
    return noteAt(state, event.step, { ...before, question: { ...question, delegates: [event.to] } });
  },
  'step.answered': (state, before, event) => {
    const { step, by, answer, data } = event;
    const fitting = answersTo(before.question);
    if (!fitting.includes(answer)) {
      throw new Error(
        `bug: '${answer}' is no answer to what the step '${step}' asks: ${fitting.join(' or ')}`,
      );
    }
    const given = { by, answer, ...(data === undefined ? {} : { data }) };
    // What is said of one limit is said of all that were warned of: they stand in the question.
    const isMore = before.question?.kind === 'budget' && answer === 'allow';
    const next = isMore ? { ...state, allowed: state.warned } : state;
    return putStep(next, step, { ...before, status: 'ready', answer: given });
  },
  'step.interrupted': (state, before, event) => {
    expectAttempt(event, before.attempts);
    return putStep(state, event.step, {
      ...lasting(before),
      status: 'ready',
      deaths: before.deaths + 1,
      interrupted: event.repeatable ? 'repeatable' : 'uncertain',
    });
  },
};

/** What the runner says of an attempt that took the process of its worker along. */
const WORKER_DIED = 'worker_died';

const ASKED_OF_FAILED: ReadonlySet<string | undefined> = new Set(['escalated', 'quarantined']);

/** Nothing begins and nothing ends with it, so that the rest of the state stays as it is, what is to be looked at too. */
function noteAt(state: RunState, path: string, step: StepState): RunState {
  return { ...state, steps: state.steps.set(path, step) };
}

function openedKind(event: Extract<StepEvent, { readonly type: 'step.opened' }>) {
  if (event.items !== undefined) return 'forEach';
  if (event.repeats !== undefined) return 'repeat';
  return event.branch === undefined ? 'parallel' : 'choose';
}

function expectAttempt(event: StepEvent & { readonly attempt: number }, expected: number): void {
  if (event.attempt === expected) return;
  throw new Error(
    `bug: ${event.type} of the step '${event.step}' names attempt ${event.attempt} instead of ${expected}`,
  );
}

function end(state: RunState, before: StepState, event: StepEvent, result: Partial<StepState>): RunState {
  const next = putStep(state, event.step, {
    ...again(before, event),
    ...contents(before),
    ...(before.answer === undefined ? {} : { answer: before.answer }),
    status: before.status,
    ...result,
    endedAt: event.at,
  });
  return next.failing.size === 0 ? next : { ...next, failing: stillFailing(next.failing, event.step) };
}

/** Of an element of a compact forEach only the output is kept. */
function compacted(
  state: RunState,
  { step, output }: Extract<StepEvent, { readonly type: 'step.succeeded' }>,
) {
  const container = parentOf(step);
  const each = container === undefined ? undefined : state.steps.get(container);
  if (container === undefined || each?.results === undefined) return state;
  const results = each.results.set(Number(nameOf(step)), output);
  const emptied = forgetInside(state, step);
  return { ...emptied, steps: emptied.steps.delete(step).set(container, { ...each, results }) };
}

/** What has ended fails no more, nor does any list inside it, which has no end of its own. */
function stillFailing(failing: RunState['failing'], ended: string): RunState['failing'] {
  return failing.filterNot((at) => at === ended || isWithin(at, ended));
}

/** What a step keeps from one try to the next. */
function lasting(before: StepState): StepState {
  return {
    status: before.status,
    attempts: before.attempts,
    deaths: before.deaths,
    ...(before.kills === undefined ? {} : { kills: before.kills }),
    ...(before.startedAt === undefined ? {} : { startedAt: before.startedAt }),
    ...(before.recovered === undefined ? {} : { recovered: true }),
    ...(before.priority === undefined ? {} : { priority: before.priority }),
    ...(before.used === undefined ? {} : { used: before.used }),
  };
}

/** Straight from a failure, with neither a retry nor an answer between, a step goes on only after its recovery. */
function again(before: StepState, event: StepEvent): StepState {
  const recovered = before.status === 'failed' || before.status === 'timed_out';
  const begun = event.type === 'step.started' && before.startedAt === undefined;
  return {
    ...lasting(before),
    ...(begun ? { startedAt: event.at } : {}),
    ...(recovered ? { recovered: true } : {}),
  };
}

function contents(before: StepState): Partial<StepState> {
  const { opened, items, branch, begun, over, iteration, child, question } = before;
  return {
    ...(iteration === undefined ? {} : { iteration }),
    ...(child === undefined ? {} : { child }),
    ...(question === undefined ? {} : { question }),
    ...(opened === undefined ? {} : { opened }),
    ...(items === undefined ? {} : { items }),
    ...(branch === undefined ? {} : { branch }),
    ...(begun === undefined ? {} : { begun }),
    ...(over === undefined ? {} : { over }),
  };
}
