import { commandsOnResume, decide } from '@cadre/core/advance';
import { CadreError, isCadreError, isOver, type RunState } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { Claim, Work, WorkQueue } from '../ports/dispatch.ts';
import type { SharedStore } from '../ports/shared-journal.ts';
import { type Attempt, isRepeatable, startAttempt } from './attempt.ts';
import { cancelOf } from './cancel-of.ts';
import { decideLoaded } from './decide-loaded.ts';
import { type HeldRunContext, momentOf, parentOrigin } from './held-run.ts';
import type { Holding } from './holding.ts';
import { keepAlive } from './keep-alive.ts';
import { type Performing, startPerforming } from './performing.ts';
import { createRunsReader } from './runs-reader.ts';
import {
  type Assignment,
  assignmentOf,
  ENGINE_CLASS,
  jobsOf,
  prepareQueues,
  SharedRun,
  type SharedRunContext,
  wakeOf,
} from './shared-run.ts';
import { createdEvent, decideFirst, type StartRequest } from './start-run.ts';
import type { News } from './turns.ts';

export interface SharingOptions {
  readonly context: Omit<HeldRunContext, 'ended'>;
  readonly shared: SharedStore;
  readonly queue: WorkQueue;
  /** Runs that one process keeps to itself: plans, which are rehearsed in its own scratch folder. */
  readonly holding: Holding;
  readonly knownClasses: readonly string[];
  readonly everywhere: (className: string) => number | undefined;
  /** Something in the background went wrong and is tried again. */
  readonly warn: (error: unknown) => void;
}

/** Runs that any process may advance: beyond what holding does, work can be taken on. */
export interface Sharing extends Holding {
  /** From now on performs what any process has handed in, and looks after times; undefined: of every class. */
  work(classes: readonly string[] | undefined): void;
}

/** States that are kept, so that a run's next step need not read its journal again. */
const MOST_KEPT = 5_000;
const TIMES_MS = 500;
const IDLE_TIMES_MS = 15_000;
/** Whoever has taken a due run and died is followed by another process after this time. */
const AGAIN_MS = 10_000;
const RECONCILE_MS = 60_000;
const RECOVERED_AT_ONCE = 64;
/** For whoever waits for a run whose news got lost on the way. */
const LOOK_MS = 1_000;

/**
 * The runs of a store that many processes share.
 *
 * Invariants
 * 1. No run has an owner: whoever finished an attempt, answered, cancelled or woke up advances it, fenced by the number.
 * 2. A run that is not over has a job, a time, or a question, from one transaction to the next; one that has none (moved
 *    here, mended by hand) is found when a process begins to work, and once a minute.
 * 3. A claim that somebody died over is not performed: its death is appended, and the decision tries again, or asks.
 */
export function createSharing(options: SharingOptions): Sharing {
  const { shared, queue, holding } = options;
  const { clock, gate, store, feed, definitions } = options.context;
  const journal = shared.openJournal<Work>(queue.write);
  const readOn = createRunsReader(journal);
  const runs = new Map<string, SharedRun>();
  const loading = new Map<string, Promise<SharedRun | undefined>>();
  const attempts = new Map<string, Attempt>();
  const underWay = new Set<Promise<void>>();
  const failures = new Map<string, unknown>();
  let performing: Performing | undefined;
  let closing = false;
  let closed = false;
  let stopListening: (() => void) | undefined;

  const context: SharedRunContext = {
    ...options.context,
    journal,
    queue,
    readOn,
    stopHere(run, step, reason) {
      const attempt = attempts.get(placeOf(run, step));
      attempt?.stop(reason);
      return attempt !== undefined;
    },
    wakeAt(at) {
      if (performing !== undefined) clock.wakeAt(at, () => void takeDue());
    },
    over(run, state) {
      gate.endRun(run).catch(options.warn);
      options.context.groups.leave(run, state).catch(options.warn);
    },
    failed(run, error) {
      runs.delete(run);
      failures.set(run, error);
      options.warn(error);
    },
  };

  /** The run as it is known here; read when it is not. Undefined: there is no such run. */
  async function open(id: string): Promise<SharedRun | undefined> {
    const known = runs.get(id);
    if (known !== undefined) return touched(known);
    const under = loading.get(id) ?? load(id).finally(() => loading.delete(id));
    loading.set(id, under);
    return under;
  }

  async function load(id: string): Promise<SharedRun | undefined> {
    const state = await readOn(id, undefined);
    if (state === undefined) return undefined;
    const workflow = await definitions.get(state.definition);
    return keep(new SharedRun(context, id, workflow, state));
  }

  function keep(run: SharedRun): SharedRun {
    listen();
    failures.delete(run.id);
    runs.set(run.id, run);
    if (runs.size > MOST_KEPT) forgetOldest();
    return run;
  }

  /** The map's order is that of their last use. */
  function touched(run: SharedRun): SharedRun {
    runs.delete(run.id);
    runs.set(run.id, run);
    return run;
  }

  function forgetOldest(): void {
    for (const [id, run] of runs) {
      if (runs.size <= MOST_KEPT - MOST_KEPT / 10) return;
      if (run.idle) runs.delete(id);
    }
  }

  /** Only who has a run in mind wants to hear of it. */
  function listen(): void {
    stopListening ??= shared.listen((line) => {
      if (line === undefined) {
        performing?.wake(undefined);
        for (const run of runs.values()) if (isWatched(run)) noticeLater(run);
        return;
      }
      const [what, ...rest] = line.split(' ');
      const name = rest.join(' ');
      if (what === 'work') performing?.wake(name);
      if (what === 'time') context.wakeAt(Number(name));
      if (what !== 'run') return;
      feed.changed(name);
      const run = runs.get(name);
      if (run !== undefined && isWatched(run)) noticeLater(run);
    });
  }

  /** What this process performs for it, or who waits for it here. */
  function isWatched(run: SharedRun): boolean {
    if (isOver(run.state.status)) return false;
    return !run.idle || run.state.running.some((step) => attempts.has(placeOf(run.id, step)));
  }

  function noticeLater(run: SharedRun): void {
    run.notice().catch(() => undefined);
  }

  async function start(request: StartRequest): Promise<string> {
    if (closing) throw ending();
    if (request.mode === 'plan') return holding.start(request);
    const { id, created, admitted } = await createdEvent(options.context, request);
    const before = apply(undefined, { number: 1, ...created });
    const decision = admitted
      ? await decideFirst(options.context, request.workflow, before, id)
      : { events: [], commands: [], state: before };
    const { commands, state } = decision;
    const jobs = jobsOf(context, id, request.workflow, { commands, before, state });
    await prepareQueues(queue, jobs);
    if (runs.has(id)) throw existing(id);
    // Known before it is there: its first result may come sooner than the answer to the append.
    const run = keep(new SharedRun(context, id, await definitions.get(state.definition), state, admitted));
    const outcome = await journal
      .advance({
        run: id,
        expected: 0,
        events: [created, ...decision.events],
        wakeAt: admitted ? wakeOf(commands) : clock.now() + TIMES_MS,
        beside: { jobs },
      })
      .catch((error: unknown) => {
        runs.delete(id);
        throw error;
      });
    if (!outcome.ok) {
      runs.delete(id);
      throw existing(id);
    }
    run.carryOut(commands);
    if (isOver(state.status)) context.over(id, state);
    feed.changed(id);
    return id;
  }

  async function perform(claim: Claim): Promise<void> {
    const work = performClaim(claim).finally(() => underWay.delete(work));
    underWay.add(work);
    return work;
  }

  async function performClaim(claim: Claim): Promise<void> {
    const assignment = assignmentOf(claim);
    switch (assignment.task) {
      case 'perform':
        return performAttempt(claim, assignment);
      case 'start':
        return startChild(claim, assignment);
      case 'report': {
        const run = await openAt(assignment);
        if (run !== undefined) await options.context.children.report(run.id, run.state);
        return settle(claim);
      }
    }
  }

  async function performAttempt(claim: Claim, assignment: TaskOf<'perform'>): Promise<void> {
    const { run: id, command, origin } = assignment;
    const { step, attempt: number, uses } = command;
    if (claim.deaths > 0) {
      // Invariant 3.
      const repeatable = isRepeatable(gate, uses);
      const body = { type: 'step.interrupted', step, attempt: number, repeatable } as const;
      return tell(assignment, { body, attempt: number, claim });
    }
    const attempt = startAttempt(options.context, origin, command);
    const place = placeOf(id, step);
    attempts.set(place, attempt);
    claims.set(claim.id, attempt);
    if (drained) attempt.stop('closed');
    // Meanwhile the run is read, if it is not known; and what was cancelled before it was taken is not performed long.
    catchUp(assignment).catch(() => undefined);
    try {
      const body = await attempt.result;
      if (body !== undefined) await tell(assignment, { body, attempt: number, claim });
    } finally {
      if (attempts.get(place) === attempt) attempts.delete(place);
      claims.delete(claim.id);
    }
  }

  /** Starting it twice finds it there, so whoever died over it has done no harm. */
  async function startChild(claim: Claim, assignment: TaskOf<'start'>): Promise<void> {
    const { command } = assignment;
    const run = await openAt(assignment);
    const waits = run?.state.steps.get(command.step)?.child === command.child && !isOver(run.state.status);
    if (run === undefined || !waits) return settle(claim);
    const body = await options.context.children.start(parentOrigin(run.id, run.workflow, run.state), command);
    if (body !== undefined) return run.tell({ body, attempt: command.attempt, claim });
    await settle(claim);
    // It may have been cancelled, by any process, before it was there.
    await run.notice();
    const values = options.context.values.open({ id: run.id, mode: run.state.mode });
    const moment = momentOf(options.context, run.id, values);
    const cancel = await cancelOf(run.workflow, run.state, moment, command.step, values);
    if (cancel !== undefined) run.carryOut([cancel]);
  }

  /** What nothing follows from in the run. */
  async function settle(claim: Claim): Promise<void> {
    const { run } = assignmentOf(claim);
    await journal.advance({ run, expected: 0, events: [], wakeAt: undefined, anyway: { settled: [claim] } });
  }

  /** The run, known at least as far as when the job was handed in. */
  async function openAt({ run: id, number }: Assignment): Promise<SharedRun | undefined> {
    const run = await open(id);
    if (run !== undefined && run.state.number < number) await run.notice();
    return run;
  }

  const claims = new Map<string, Attempt>();
  let drained = false;

  async function catchUp({ run: id, number }: Assignment): Promise<void> {
    const run = await open(id);
    if (run === undefined) return;
    if (run.state.number < number || run.state.status === 'cancelling' || run.state.failing.size > 0)
      await run.notice();
  }

  async function tell(assignment: Assignment, news: News<Claim> & { readonly claim: Claim }): Promise<void> {
    const run = await openAt(assignment);
    // Nobody knows this run: nothing can follow from it.
    await (run === undefined ? settle(news.claim) : run.tell(news));
  }

  async function beat(held: readonly Claim[]): Promise<void> {
    const ids = new Set(held.map((claim) => assignmentOf(claim).run));
    const numbers = await journal.lastNumbers([...ids]);
    for (const [id, number] of numbers) {
      const run = runs.get(id);
      if (run !== undefined && run.state.number < number) noticeLater(run);
    }
  }

  let due: Promise<void> | undefined;
  function takeDue(): Promise<void> {
    if (closing) return Promise.resolve();
    due ??= decideDue()
      .catch(options.warn)
      .finally(() => {
        due = undefined;
      });
    return due;
  }

  async function decideDue(): Promise<void> {
    const ids = await journal.takeDue(clock.now(), AGAIN_MS);
    await Promise.all(ids.map(async (id) => (await open(id))?.wakeUp()));
  }

  /** Invariant 2. */
  async function reconcile(thorough: boolean): Promise<readonly string[]> {
    const before = await journal.listUntimed(thorough);
    if (before.size === 0) return [];
    const withJobs = await queue.listRuns();
    const lonely = [...before.keys()].filter((id) => !withJobs.has(id));
    const now = await journal.lastNumbers(lonely);
    // What went on between the questions is in good hands.
    const waiting = lonely.filter((id) => now.get(id) === before.get(id));
    const mended: string[] = [];
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        if (await mend(id)) mended.push(id);
      }
    };
    await Promise.all(Array.from({ length: RECOVERED_AT_ONCE }, work));
    return mended.sort();
  }

  /** One that cannot be read says so to whoever asks for it, and is not in the way of the others. */
  async function mend(id: string): Promise<boolean> {
    try {
      const run = await open(id);
      if (run === undefined) return false;
      await run.notice();
      if (isOver(run.state.status)) return false;
      const before = run.state.number;
      const values = options.context.values.open({ id, mode: run.state.mode });
      const moment = momentOf(options.context, id, values);
      const interrupted = commandsOnResume(run.workflow, run.state, moment, (uses) =>
        isRepeatable(gate, uses),
      );
      // Those of the queue are known to be none: see reconcile.
      const news = interrupted.flatMap((event) =>
        event.type === 'step.interrupted' ? [{ body: event, attempt: event.attempt }] : [],
      );
      const children = (await options.context.children.news(run.id, run.state)).map((body) => ({ body }));
      const all = [...news, ...children];
      // One that a time brings up again has to have it written down, which happens with an append alone.
      const { commands } = await decideLoaded(values, () => decide(run.workflow, run.state, moment));
      if (all.length > 0 || wakeOf(commands) !== undefined) {
        await run.tell({ body: { type: 'run.resumed', holder: options.context.holder } }, ...all);
      }
      return run.state.number > before;
    } catch (error) {
      if (!isCadreError(error)) throw error;
      failures.set(id, error);
      return false;
    }
  }

  function every(ms: number, work: () => unknown): void {
    clock.wakeAt(clock.now() + ms, () => {
      if (closing) return;
      void work();
      every(ms, work);
    });
  }

  /** Idle: only the next time is asked for, and times that come before it are told (`time AT`). */
  function lookAfterTimes(): void {
    const idle = performing?.isIdle() === true;
    clock.wakeAt(clock.now() + (idle ? IDLE_TIMES_MS : TIMES_MS), async () => {
      if (closing) return;
      if (performing?.isIdle() !== true) await takeDue();
      else await armNext().catch(options.warn);
      lookAfterTimes();
    });
  }

  async function armNext(): Promise<void> {
    const next = await journal.nextDue();
    if (next === undefined) return;
    if (next <= clock.now()) await takeDue();
    else if (next < clock.now() + 2 * IDLE_TIMES_MS) context.wakeAt(next);
  }

  async function isPlan(id: string): Promise<boolean> {
    if (runs.has(id)) return false;
    return holding.isHeld(id) || (await store.runs.find(id))?.mode === 'plan';
  }

  async function restOf(id: string): Promise<RunState | undefined> {
    const run = await open(id);
    if (run === undefined) return undefined;
    listen();
    const letProcessEnd = keepAlive();
    let waiting = true;
    const look = () =>
      clock.wakeAt(clock.now() + LOOK_MS, () => {
        if (!waiting || closed) return;
        noticeLater(run);
        look();
      });
    look();
    try {
      return await run.rest();
    } finally {
      waiting = false;
      letProcessEnd();
    }
  }

  return {
    start,
    isHeld: (run) => holding.isHeld(run),
    rest: async (run) => ((await isPlan(run)) ? holding.rest(run) : restOf(run)),
    async takeOver(run) {
      if (await isPlan(run)) return holding.takeOver(run);
      if (closing) throw ending();
      const opened = await open(run);
      if (opened === undefined) return holding.takeOver(run);
      await opened.notice();
      return { ok: !isOver(opened.state.status) };
    },
    async attend(run) {
      if (await isPlan(run)) return holding.attend(run);
      if (!closing) await (await open(run))?.notice();
    },
    recover: async () => [...(await holding.recover()), ...(await reconcile(true))],
    check(run) {
      holding.check(run);
      const error = failures.get(run);
      if (error === undefined) return;
      failures.delete(run);
      throw error;
    },
    work(classes) {
      if (performing !== undefined || closing) return;
      listen();
      performing = startPerforming({
        queue,
        clock,
        classes: classes === undefined ? undefined : [...classes, ENGINE_CLASS],
        known: [...options.knownClasses, ENGINE_CLASS],
        places: options.context.places,
        everywhere: (className) => (className === ENGINE_CLASS ? undefined : options.everywhere(className)),
        perform,
        beat,
        lost: (claim) => claims.get(claim.id)?.stop('lost'),
        failed: options.warn,
      });
      void takeDue();
      lookAfterTimes();
      every(RECONCILE_MS, () => reconcile(false).catch(options.warn));
    },
    async close(drainMs) {
      closing = true;
      const held = holding.close(drainMs);
      await performing?.stop();
      const takeBack = clock.wakeAt(clock.now() + drainMs, () => {
        drained = true;
        for (const attempt of attempts.values()) attempt.stop('closed');
      });
      await Promise.allSettled([...underWay]);
      takeBack();
      await due;
      await Promise.allSettled([...runs.values()].filter((run) => !run.idle).map((run) => run.settle()));
      performing?.close();
      stopListening?.();
      closed = true;
      await held;
      await queue.close();
    },
  };
}

function placeOf(run: string, step: string): string {
  return `${run}\n${step}`;
}

type TaskOf<T extends Assignment['task']> = Extract<Assignment, { readonly task: T }>;

function existing(id: string): CadreError {
  return new CadreError('exists', `there is a run ${id} already`);
}

function ending(): CadreError {
  return new CadreError('store_unavailable', 'this process is ending and takes no more runs');
}
