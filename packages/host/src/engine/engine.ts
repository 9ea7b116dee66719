import { CadreError, type NumberedEvent, type RunState, type Workflow } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { Places } from '../ports/dispatch.ts';
import type { Gate } from '../ports/gate.ts';
import type { LeaseHolder } from '../ports/lease-store.ts';
import type { NumberedLogLine } from '../ports/log-store.ts';
import type { RunFilter, RunRecord, RunStore, Store } from '../ports/store.ts';
import type { Answer } from './answer.ts';
import { isAtRest } from './at-rest.ts';
import { createDefinitions } from './definitions.ts';
import { effectsWithin } from './effects-within.ts';
import { createFeed } from './feed.ts';
import type { Liveness } from './holder.ts';
import type { Holding } from './holding.ts';
import type { JournaledRun } from './journal.ts';
import { keepAlive } from './keep-alive.ts';
import type { LargeValues } from './large-values.ts';
import type { Opened } from './open-holding.ts';
import { missingRun, readEvents } from './read-events.ts';
import { reusableResults } from './reuse.ts';
import type { SharingOptions } from './sharing.ts';
import type { StartRequest } from './start-run.ts';
import { type Watched, watchRun } from './watch.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly workspace: { readonly id: string; readonly root: string };
  /** A workflow that a step of another one names. Throws `workflow_not_found` and `invalid_workflow`. */
  readonly findWorkflow?: (name: string) => Promise<Workflow>;
  /** The commit that the workspace stands at now, where it is a checkout. */
  readonly commit?: () => string | undefined;
  /** Whether a person is asked when four fifths of a budget are used; default: never. */
  readonly asksForBudget?: () => Promise<boolean>;
  /** This process: `thisProcess(id)`. Read when it first holds a run. */
  readonly holder: LeaseHolder;
  /** Where attempts are performed in this process. */
  readonly places: Places;
  /** Where the store is shared by many processes: how they share the work. */
  readonly sharing?: Omit<SharingOptions, 'context' | 'holding'>;
  /** What is known of the process that holds a lease; default: what the system says. */
  readonly liveness?: (lease: LeaseHolder) => Liveness;
}

/** Everything that can be done with runs. All throw `run_not_found` for an id that there is not. */
export interface Engine {
  /** Appends a run and begins it; answers its id. Throws `not_built_yet` and `invalid_input`. */
  start(request: StartRequest): Promise<string>;
  /** Goes on with a run that nobody holds. Throws `lease_held`, naming the holder, and `run_over`. */
  resume(run: string): Promise<void>;
  /** Asks whoever holds the run to stop it. Throws `run_over`. */
  cancel(run: string, by: string, reason: string): Promise<void>;
  /** Throws `run_over`, and `invalid_input` when the step asks nothing, or something else. */
  answer(run: string, step: string, answer: Answer): Promise<void>;
  /** Hands the question of a step to somebody else. Throws like `answer`. */
  delegate(run: string, step: string, by: string, to: string): Promise<void>;
  /** Tells a run something that a step of it waits for, or will. Throws `run_over`. */
  signal(run: string, by: string, topic: string, data: JsonValue): Promise<void>;
  /**
   * A run, or one attempt of it, matters more or less than it did: re-orders what waits. Answers the runs that were told, the
   * run itself and those inside it. Throws `run_over`, and `invalid_input` for a step that has no attempt.
   */
  prioritise(run: string, by: string, priority: number, step?: string): Promise<readonly string[]>;
  /** A new run of the same definition and inputs that takes over the results before a step. Throws `invalid_input`. */
  rerun(run: string, fromStep: string, principal: string): Promise<string>;
  get(run: string): Promise<JournaledRun>;
  /** What lists say of a run. */
  record(run: string): Promise<RunRecord>;
  list(filter: RunFilter): ReturnType<RunStore['list']>;
  events(run: string): AsyncIterable<NumberedEvent>;
  /** Of the run and of the runs inside it, whose steps stand below the step that each of them is. */
  effects(run: string): ReturnType<RunStore['readEffects']>;
  logs(run: string, after: number, limit?: number): Promise<readonly NumberedLogLine[]>;
  /** Everything after event number `after` as it happens, whatever process it happens in, until the run is over. */
  watch(run: string, after: number, signal?: AbortSignal): AsyncIterable<Watched>;
  /** Calls back whenever a run went on in this process; answers the way to stop. */
  hear(anything: () => void): () => void;
  /** The state when the run is over or waits for a person; when the signal is aborted, the state as it is then. */
  settled(run: string, signal?: AbortSignal): Promise<RunState>;
  /**
   * On a shared store: performs from now on what any process has handed in, of these classes or of all, and looks after
   * times. Elsewhere each process performs its own runs, and there is nothing to do.
   */
  work(classes?: readonly string[]): Promise<void>;
  /** Takes every run that nobody alive holds and goes on with it. Answers their ids. */
  recover(): Promise<readonly string[]>;
  /**
   * Hands out nothing more, waits up to `drainMs` (default 5 s) for what is under way, stops the rest, and gives the runs
   * back as any process can go on with them. Throws what a run could not go on for, if nobody has heard of it.
   */
  close(drainMs?: number): Promise<void>;
}

/** The grace of a process that ends (WRK-38). */
const DRAIN_MS = 5_000;

/**
 * Invariants
 * 1. Two processes never both advance a run: see HeldRun and LeaseKeeper.
 * 2. What anybody wants of a run is an event in its journal; who holds the run notices it within some 250 ms.
 */
export function openEngine(options: EngineOptions): Engine {
  const { store, clock } = options;
  const { runs } = store;
  const feed = createFeed(clock);
  const definitions = createDefinitions(runs, clock);
  let closing: Promise<void> | undefined;
  let opening: Promise<Opened> | undefined;
  /** Once it is open. */
  let held: Holding | undefined;
  let large: LargeValues | undefined;

  /** Whoever only looks at runs needs nothing that decides or performs. */
  function opened(): Promise<Opened> {
    opening ??= open();
    return opening;
  }

  async function values(): Promise<LargeValues> {
    const { createLargeValues } = await import('./large-values.ts');
    large ??= createLargeValues(store.artifacts, clock);
    return large;
  }

  async function open(): Promise<Opened> {
    const isLate = closing !== undefined;
    const { openHolding } = await import('./open-holding.ts');
    const made = await openHolding({
      ...options,
      holder: options.holder,
      feed,
      definitions,
      values: await values(),
      cancel,
      holding,
    });
    held = made.holding;
    // It refuses what is asked of an engine that was closed.
    if (isLate) await held.close(0);
    return made;
  }

  async function holding(): Promise<Holding> {
    return (await opened()).holding;
  }

  async function attend(run: string): Promise<void> {
    await (await holding()).attend(run);
  }

  async function cancel(run: string, by: string, reason: string): Promise<void> {
    const { requestCancel } = await import('./steer.ts');
    await requestCancel(runs, run, { at: clock.now(), by, reason });
    await attend(run);
  }

  /** What makes a state of events is loaded when one is wanted: a list of runs needs none. */
  async function get(run: string): Promise<JournaledRun> {
    const { readRun } = await import('./journal.ts');
    return readRun(runs, definitions, run);
  }

  async function settled(run: string, signal: AbortSignal | undefined): Promise<RunState> {
    const here = signal === undefined ? await held?.rest(run) : undefined;
    return here ?? settledAnywhere(run, signal);
  }

  async function settledAnywhere(run: string, signal: AbortSignal | undefined): Promise<RunState> {
    const listener = feed.listen(run);
    const letProcessEnd = keepAlive();
    try {
      const { readState } = await import('./journal.ts');
      for (;;) {
        const state = await readState(runs, run);
        if (isAtRest(state) || signal?.aborted === true || feed.closed) return state;
        held?.check(run);
        await listener.news(signal);
      }
    } finally {
      letProcessEnd();
      listener.close();
    }
  }

  async function close(drainMs: number): Promise<void> {
    await (await opening)?.holding.close(drainMs);
  }

  return {
    start: async (request) => (await holding()).start(request),
    async resume(run) {
      const taken = await (await holding()).takeOver(run);
      if (taken.ok) return;
      if (taken.holder === undefined) {
        throw new CadreError('run_over', `${run} is over: there is nothing to go on with`, {
          hint: `run it again with: cadre rerun ${run}`,
        });
      }
      const { pid, host } = taken.holder;
      throw new CadreError(
        'lease_held',
        `${run} is held by the process ${pid} on ${host}, which goes on with it`,
        {
          hint: `watch it with: cadre logs ${run} --follow`,
          details: { holder: taken.holder },
        },
      );
    },
    cancel,
    async answer(run, step, answer) {
      const { giveAnswer } = await import('./answer.ts');
      await giveAnswer(runs, run, step, { at: clock.now(), ...answer });
      await attend(run);
    },
    async delegate(run, step, by, to) {
      const { delegate } = await import('./answer.ts');
      await delegate(runs, run, step, { at: clock.now(), by, to });
      await attend(run);
    },
    async signal(run, by, topic, data) {
      const { sendSignal } = await import('./steer.ts');
      const kept = await (await values()).keep({ id: run, mode: 'apply' }, data);
      await sendSignal(runs, run, { at: clock.now(), by, topic, data: kept });
      await attend(run);
    },
    async prioritise(run, by, priority, step) {
      const { prioritise } = await import('./prioritise.ts');
      const given = { at: clock.now(), by, priority, ...(step === undefined ? {} : { step }) };
      const told = await prioritise({ runs, read: get, queue: options.sharing?.queue }, run, given);
      // Who only gives another priority performs nothing: it is noticed by whoever does.
      for (const each of told) if (held?.isHeld(each) === true) await held.attend(each);
      return told;
    },
    async rerun(run, fromStep, principal) {
      const { state, workflow } = await get(run);
      const steps = await reusableResults(workflow, readEvents(runs, run), fromStep);
      const { inputs, mode } = state;
      const { profile = null } = state.trigger;
      const trigger = { kind: 'rerun', run, from: fromStep, ...(profile === null ? {} : { profile }) };
      // Who says from which step to run anew wants it run, and not answered from what is kept.
      const wanted = { workflow, inputs, mode, trigger, principal, noCache: true };
      return (await holding()).start({ ...wanted, reused: { run, steps } });
    },
    get,
    async record(run) {
      const found = await runs.find(run);
      if (found === undefined) throw missingRun(run);
      return found;
    },
    list: (filter) => runs.list(filter),
    events: (run) => readEvents(runs, run),
    effects: (run) => effectsWithin(runs, run),
    logs: (run, after, limit) => store.logs.read(run, after, limit),
    watch: (run, after, signal) =>
      watchRun({ store, feed, run, after, signal, check: () => held?.check(run) }),
    hear: feed.hear,
    settled: (run, signal) => settled(run, signal),
    work: async (classes) => (await opened()).sharing?.work(classes),
    recover: async () => (await holding()).recover(),
    close(drainMs = DRAIN_MS) {
      closing ??= close(drainMs).finally(() => feed.close());
      return closing;
    },
  };
}
