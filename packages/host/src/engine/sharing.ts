import { CadreError, isOver, type RunState } from '@cadre/core/history';
import type { Claim, Work, WorkQueue } from '../ports/dispatch.ts';
import type { SharedStore } from '../ports/shared-journal.ts';
import { assignmentOf } from './assignment.ts';
import { claimHere } from './claim-here.ts';
import { createClaimedWork } from './claimed-work.ts';
import { createDueRuns } from './due-runs.ts';
import { findPlaces, passOn } from './find-places.ts';
import type { HeldRunContext } from './held-run.ts';
import type { Holding } from './holding.ts';
import { keepAlive } from './keep-alive.ts';
import { createKnownRuns } from './known-runs.ts';
import { type Performing, startPerforming } from './performing.ts';
import { createReconcile } from './reconciling.ts';
import { createRunsReader } from './runs-reader.ts';
import {
  ENGINE_CLASS,
  prepareQueues,
  SharedRun,
  type SharedRunContext,
  tasksOf,
  wakeOf,
} from './shared-run.ts';
import { createdEvent, decideFirst, type StartRequest } from './start-run.ts';
import { createWentBack } from './went-back.ts';

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

/** What stands in a line is looked at again after this time. */
const IN_LINE_MS = 500;
const RECONCILE_MS = 60_000;
/** For whoever waits for a run whose news got lost on the way. */
const LOOK_MS = 1_000;

/**
 * The runs of a store that many processes share.
 *
 * Invariants
 * 1. No run has an owner: whoever finished an attempt, answered, cancelled or woke up advances it, fenced by the number.
 * 2. A run that is not over has a job, a time, or a question, from one transaction to the next.
 * 3. Whoever has a run in mind hears of what others append to it.
 */
export function createSharing(options: SharingOptions): Sharing {
  const { shared, queue, holding } = options;
  const { clock, gate, store, feed, definitions } = options.context;
  const journal = shared.openJournal<Work>(queue.write);
  let performing: Performing | undefined;
  let closing = false;
  let closed = false;
  let stopListening: (() => void) | undefined;

  const context: SharedRunContext = {
    ...options.context,
    journal,
    queue,
    readOn: createRunsReader(journal),
    wentBack: createWentBack({
      clock,
      stopHere: (run, step) => claimed.stop(run, step, 'lost'),
      warn: options.warn,
    }),
    stopHere: (run, step, reason) => claimed.stop(run, step, reason),
    wakeAt: (at) => due.at(at),
    reserve: (className) => (closing ? undefined : performing?.reserve(className)),
    over(run, state) {
      gate.endRun(run).catch(options.warn);
      options.context.groups.leave(run, state).catch(options.warn);
    },
    failed(run, error) {
      known.fail(run, error);
      options.warn(error);
    },
  };
  const known = createKnownRuns(() => context, definitions, listen);
  const claimed = createClaimedWork({ context: options.context, journal, known });
  const reconcile = createReconcile({ context: options.context, journal, queue, known });
  const due = createDueRuns({
    journal,
    clock,
    isIdle: () => performing?.isIdle() === true,
    wakeUp: async (id) => (await known.open(id))?.wakeUp(),
    warn: options.warn,
  });

  /** Invariant 3. */
  function listen(): void {
    stopListening ??= shared.listen((line) => {
      if (line === undefined) {
        performing?.wake(undefined);
        for (const run of known.all()) if (isWatched(run)) noticeLater(run);
        return;
      }
      const [what, ...rest] = line.split(' ');
      const name = rest.join(' ');
      if (what === 'work') performing?.wake(name);
      if (what === 'placed') performing?.call(rest[0] ?? '', rest.slice(1).join(' '));
      if (what === 'time') due.at(Number(name));
      if (what !== 'run') return;
      feed.changed(name);
      const run = known.peek(name);
      if (run !== undefined && isWatched(run)) noticeLater(run);
    });
  }

  /** What this process performs for it, or who waits for it here. */
  function isWatched(run: SharedRun): boolean {
    if (isOver(run.state.status)) return false;
    return !run.idle || run.state.running.some((step) => claimed.has(run.id, step));
  }

  function noticeLater(run: SharedRun): void {
    run.notice().catch(() => undefined);
  }

  async function start(request: StartRequest): Promise<string> {
    if (closing) throw ending();
    if (request.mode === 'plan') return holding.start(request);
    const made = await createdEvent(options.context, request);
    const { id, created, admitted } = made;
    const { before, events, commands, state } = await decideFirst(options.context, request.workflow, made);
    const handedIn = tasksOf(context, id, request.workflow, { commands, before, state });
    await prepareQueues(queue, handedIn);
    if (known.peek(id) !== undefined) throw existing(id);
    const placed = await findPlaces(handedIn, queue.shards);
    const here = claimHere(placed, context.reserve, context.holder);
    const { jobs } = here;
    const run = new SharedRun(context, id, await definitions.get(state.definition), state, admitted);
    const advancing = journal
      .advance({
        run: id,
        expected: 0,
        events: [created, ...events],
        wakeAt: admitted ? wakeOf(commands) : clock.now() + IN_LINE_MS,
        beside: { jobs },
      })
      .catch((error: unknown) => {
        definitions.doubt(created.definition);
        here.giveBack();
        throw error;
      });
    // Its first result may come sooner than the answer to the append.
    known.expect(
      id,
      advancing.then(({ ok }) => (ok ? known.keep(run) : undefined)),
    );
    const outcome = await advancing;
    if (!outcome.ok) {
      here.giveBack();
      throw existing(id);
    }
    here.begin();
    run.carryOut(commands);
    if (isOver(state.status)) context.over(id, state);
    feed.changed(id);
    return id;
  }

  async function beat(held: readonly Claim[]): Promise<void> {
    const runs = new Set(held.map((claim) => assignmentOf(claim).run));
    const before = [...runs].map((id) => ({ id, least: known.peek(id)?.state.number ?? 0 }));
    const numbers = await journal.lastNumbers([...runs]);
    for (const { id, least } of before) {
      const run = known.peek(id);
      const number = numbers.get(id) ?? 0;
      // Others went on, or the store went back.
      if (run !== undefined && (number > run.state.number || number < least)) noticeLater(run);
    }
  }

  function every(ms: number, work: () => unknown): void {
    clock.wakeAt(clock.now() + ms, () => {
      if (closing) return;
      void work();
      every(ms, work);
    });
  }

  async function isPlan(id: string): Promise<boolean> {
    if (known.peek(id) !== undefined) return false;
    return holding.isHeld(id) || (await store.runs.find(id))?.mode === 'plan';
  }

  async function restOf(id: string): Promise<RunState | undefined> {
    const run = await known.open(id);
    if (run === undefined) return undefined;
    listen();
    // Somebody else may have answered what it waits for here: of what nobody watches nothing is heard.
    if (run.state.status === 'waiting') await run.notice();
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

  const starting = new Set<Promise<string>>();

  /** What is being appended may begin something here yet. */
  async function untilNothingIsUnderWay(): Promise<void> {
    do {
      await claimed.over();
      await Promise.allSettled([...starting]);
      await Promise.allSettled([...known.all()].filter((run) => !run.idle).map((run) => run.settle()));
    } while (claimed.isBusy());
  }

  return {
    start(request) {
      const started = start(request).finally(() => starting.delete(started));
      starting.add(started);
      return started;
    },
    isHeld: (run) => holding.isHeld(run),
    rest: async (run) => ((await isPlan(run)) ? holding.rest(run) : restOf(run)),
    async takeOver(run) {
      if (await isPlan(run)) return holding.takeOver(run);
      if (closing) throw ending();
      const opened = await known.open(run);
      if (opened === undefined) return holding.takeOver(run);
      await opened.notice();
      return { ok: !isOver(opened.state.status) };
    },
    async attend(run) {
      if (await isPlan(run)) return holding.attend(run);
      if (!closing) await (await known.open(run))?.notice();
    },
    recover: async () => [...(await holding.recover()), ...(await reconcile(true))],
    check(run) {
      holding.check(run);
      known.check(run);
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
        place: context.holder,
        passOn: (claims) => passOn(claims, context.holder, queue.shards),
        everywhere: (className) => (className === ENGINE_CLASS ? undefined : options.everywhere(className)),
        perform: (claim) => claimed.perform(claim),
        beat,
        lost: (claim) => claimed.lose(claim),
        failed: options.warn,
      });
      due.begin();
      every(RECONCILE_MS, () => reconcile(false).catch(options.warn));
    },
    async close(drainMs) {
      closing = true;
      const held = holding.close(drainMs);
      const rested = due.end();
      await performing?.stop();
      const takeBack = clock.wakeAt(clock.now() + drainMs, () => claimed.drain());
      await untilNothingIsUnderWay();
      takeBack();
      await rested;
      performing?.close();
      stopListening?.();
      closed = true;
      await held;
      await queue.close();
    },
  };
}

function existing(id: string): CadreError {
  return new CadreError('exists', `there is a run ${id} already`);
}

function ending(): CadreError {
  return new CadreError('store_unavailable', 'this process is ending and takes no more runs');
}
