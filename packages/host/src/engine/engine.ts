import { CadreError, type NumberedEvent, type RunState, type Workflow } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { Places } from '../ports/dispatch.ts';
import type { Gate } from '../ports/gate.ts';
import type { LeaseHolder } from '../ports/lease-store.ts';
import type { NumberedLogLine } from '../ports/log-store.ts';
import type { RunFilter, RunRecord, RunStore, Store } from '../ports/store.ts';
import { createChildRuns } from './child-runs.ts';
import { createDefinitions } from './definitions.ts';
import { effectsWithin } from './effects-within.ts';
import { createFeed } from './feed.ts';
import { createGroups } from './groups.ts';
import type { HeldRunContext } from './held-run.ts';
import { type Liveness, liveness as livenessOf } from './holder.ts';
import { createHolding, type Holding } from './holding.ts';
import { type JournaledRun, missing, readEvents, readRun, readState } from './journal.ts';
import { keepAlive } from './keep-alive.ts';
import { reusableResults } from './reuse.ts';
import { createSharing, type SharingOptions } from './sharing.ts';
import type { StartRequest } from './start-run.ts';
import { type Answer, delegate, giveAnswer, requestCancel, sendSignal } from './steer.ts';
import { isAtRest } from './turns.ts';
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
  /** This process: `thisProcess(id)`. */
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
  /** The state when the run is over or waits for a person; when the signal is aborted, the state as it is then. */
  settled(run: string, signal?: AbortSignal): Promise<RunState>;
  /**
   * On a shared store: performs from now on what any process has handed in, of these classes or of all, and looks after
   * times. Elsewhere each process performs its own runs, and there is nothing to do.
   */
  work(classes?: readonly string[]): void;
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
  const { store, gate, clock, workspace, holder } = options;
  const { runs } = store;
  const feed = createFeed(clock);
  const definitions = createDefinitions(runs);
  let closing: Promise<void> | undefined;
  const children = createChildRuns({
    runs,
    clock,
    findWorkflow: options.findWorkflow ?? noWorkflow,
    start: (request) => holding.start(request),
    attend: (run) => holding.attend(run),
    cancel,
  });
  const groups = createGroups({
    store: store.groups,
    clock,
    cancel,
    attend: (run) => holding.attend(run),
  });
  const context = {
    store,
    gate,
    clock,
    feed,
    workspace,
    commit: options.commit ?? (() => undefined),
    definitions,
    children,
    groups,
    places: options.places,
    holder: holder.holder,
  };
  const held = createHolding(
    (ended): HeldRunContext => ({ ...context, ended }),
    holder,
    options.liveness ?? ((lease) => livenessOf(lease, holder)),
    options.sharing === undefined ? undefined : 'plan',
  );
  const sharing =
    options.sharing === undefined ? undefined : createSharing({ ...options.sharing, context, holding: held });
  const holding: Holding = sharing ?? held;

  async function cancel(run: string, by: string, reason: string): Promise<void> {
    await requestCancel(runs, run, { at: clock.now(), by, reason });
    await holding.attend(run);
  }

  async function settled(run: string, signal: AbortSignal | undefined): Promise<RunState> {
    const here = signal === undefined ? await holding.rest(run) : undefined;
    return here ?? settledAnywhere(run, signal);
  }

  async function settledAnywhere(run: string, signal: AbortSignal | undefined): Promise<RunState> {
    const listener = feed.listen(run);
    const letProcessEnd = keepAlive();
    try {
      for (;;) {
        const state = await readState(runs, run);
        if (isAtRest(state) || signal?.aborted === true || feed.closed) return state;
        holding.check(run);
        await listener.news(signal);
      }
    } finally {
      letProcessEnd();
      listener.close();
    }
  }

  return {
    start: (request) => holding.start(request),
    async resume(run) {
      const taken = await holding.takeOver(run);
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
      await giveAnswer(runs, run, step, { at: clock.now(), ...answer });
      await holding.attend(run);
    },
    async delegate(run, step, by, to) {
      await delegate(runs, run, step, { at: clock.now(), by, to });
      await holding.attend(run);
    },
    async signal(run, by, topic, data) {
      await sendSignal(runs, run, { at: clock.now(), by, topic, data });
      await holding.attend(run);
    },
    async rerun(run, fromStep, principal) {
      const { state, workflow } = await readRun(runs, definitions, run);
      const steps = await reusableResults(workflow, readEvents(runs, run), fromStep);
      const { inputs, mode } = state;
      const { profile = null } = state.trigger;
      const trigger = { kind: 'rerun', run, from: fromStep, ...(profile === null ? {} : { profile }) };
      // Who says from which step to run anew wants it run, and not answered from what is kept.
      const wanted = { workflow, inputs, mode, trigger, principal, noCache: true };
      return holding.start({ ...wanted, reused: { run, steps } });
    },
    get: (run) => readRun(runs, definitions, run),
    async record(run) {
      const found = await runs.find(run);
      if (found === undefined) throw missing(run);
      return found;
    },
    list: (filter) => runs.list(filter),
    events: (run) => readEvents(runs, run),
    effects: (run) => effectsWithin(runs, run),
    logs: (run, after, limit) => store.logs.read(run, after, limit),
    watch: (run, after, signal) =>
      watchRun({ store, feed, run, after, signal, check: () => holding.check(run) }),
    settled: (run, signal) => settled(run, signal),
    work: (classes) => sharing?.work(classes),
    recover: () => holding.recover(),
    close(drainMs = DRAIN_MS) {
      closing ??= holding.close(drainMs).finally(() => feed.close());
      return closing;
    },
  };
}

async function noWorkflow(name: string): Promise<Workflow> {
  throw new CadreError('workflow_not_found', `there is no workflow "${name}" here`);
}
