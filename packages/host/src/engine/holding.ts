import { CadreError, isCadreError, isOver, type RunState } from '@cadre/core/history';
import type { Lease, LeaseHolder } from '../ports/lease-store.ts';
import { listAbandoned } from './abandoned.ts';
import { POLL_MS } from './feed.ts';
import type { HeldRun, HeldRunContext } from './held-run.ts';
import { type Liveness, mayBeTaken } from './holder.ts';
import { keepAlive } from './keep-alive.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createStarter, type StartRequest } from './start-run.ts';
import { type TakenOver, takeOver } from './take-over.ts';

export interface Holding {
  start(request: StartRequest): Promise<string>;
  isHeld(run: string): boolean;
  /** The state when the run is over or waits for a person; undefined when this process does not know or loses it. */
  rest(run: string): Promise<RunState | undefined>;
  /** Takes the run if nobody alive holds it, and goes on with it; it may be held here already. */
  takeOver(run: string): Promise<TakeOverOutcome>;
  /** Somebody appended to the run: acts on it here if it is held here or by nobody. */
  attend(run: string): Promise<void>;
  recover(): Promise<readonly string[]>;
  /** Throws what the run could not go on for in this process. */
  check(run: string): void;
  close(drainMs: number): Promise<void>;
}

/** Absent holder: the run is over. */
export type TakeOverOutcome = { readonly ok: true } | { readonly ok: false; readonly holder?: Lease };

/** Runs that are taken over at the same time: their reads and writes share commits. */
const RECOVERED_AT_ONCE = 64;

/** How long nobody has to look while the store says that nobody has written. */
const SILENT_MS = 10_000;

/** How long a run waits for its children in silence before they are looked at. */
const CHILDREN_MS = 10_000;

/**
 * The runs that this process holds.
 *
 * Invariants
 * 1. A run is here exactly while its lease is held; when it is over, lost or given back, so is the lease.
 * 2. Every run that is held is looked at each 250 ms in which anybody has written to the store, so that what others
 *    appended is acted upon; in any case each 10 s.
 *
 * With a `mode` it goes on only with runs of that mode: the others belong to whoever shares them.
 */
export function createHolding(
  createContext: (ended: HeldRunContext['ended']) => HeldRunContext,
  self: LeaseHolder,
  liveness: (lease: LeaseHolder) => Liveness,
  mode?: 'plan',
): Holding {
  const held = new Map<string, HeldRun>();
  const taking = new Map<string, Promise<TakeOverOutcome>>();
  const starting = new Set<Promise<string>>();
  /** Why a run could not go on, and whether somebody was told. */
  const failures = new Map<string, { readonly error: unknown; heard: boolean }>();
  const givingBack = new Set<Promise<void>>();
  const lookedAt = new WeakMap<HeldRun, number>();
  let closing = false;
  let takeBackLook: (() => void) | undefined;
  let letProcessEnd: (() => void) | undefined;

  const context = createContext((run, error) => {
    held.delete(run.id);
    if (held.size === 0) rest();
    if (error !== undefined) failures.set(run.id, { error, heard: false });
    const giving = giveBack(run).finally(() => givingBack.delete(giving));
    givingBack.add(giving);
  });
  const { store, clock } = context;
  const keeper = createLeaseKeeper({
    leases: store.leases,
    clock,
    holder: self,
    liveness,
    lost: (lease) => held.get(lease.run ?? '')?.lose(),
  });
  const starter = createStarter(context, keeper);

  function hold(run: HeldRun): void {
    held.set(run.id, run);
    letProcessEnd ??= keepAlive();
    failures.delete(run.id);
    look();
  }

  async function giveBack(run: HeldRun): Promise<void> {
    try {
      if (isOver(run.state.status)) {
        await context.gate.endRun(run.id);
        await context.groups.leave(run.id, run.state);
        await context.children.report(run.id, run.state);
      }
    } catch (error) {
      failures.set(run.id, { error, heard: false });
    } finally {
      await keeper.give(run.lease);
    }
  }

  function rest(): void {
    letProcessEnd?.();
    letProcessEnd = undefined;
  }

  /** Invariant 2. */
  function look(): void {
    takeBackLook ??= clock.wakeAt(clock.now() + POLL_MS, () => {
      takeBackLook = undefined;
      lookAtAll();
      if (held.size > 0) look();
    });
  }

  let seen: string | undefined;
  let allLookedAt = 0;

  function lookAtAll(): void {
    const stamp = store.stamp?.();
    const now = clock.now();
    if (stamp !== undefined && stamp === seen && now - allLookedAt < SILENT_MS) return;
    const quiet = [...held.values()].filter((run) => run.quietMs >= POLL_MS);
    for (const run of quiet) void lookAt(run);
    // Those that were busy are looked at the next time, whatever the stamp says then.
    seen = quiet.length === held.size ? stamp : undefined;
    allLookedAt = now;
  }

  async function lookAt(run: HeldRun): Promise<void> {
    await run.comeUp();
    await lookForChildren(run);
    // A store that cannot be read now is asked again; what is appended finds out for good.
    const number = await store.runs.lastNumber(run.id).catch(() => 0);
    if (number > run.state.number) await run.notice();
  }

  /** Whoever ends a child tells its parent; this is for one who died in between. */
  async function lookForChildren(run: HeldRun): Promise<void> {
    if (run.quietMs < CHILDREN_MS || clock.now() - (lookedAt.get(run) ?? 0) < CHILDREN_MS) return;
    lookedAt.set(run, clock.now());
    const told = (await context.children.news(run.id, run.state)).filter(
      ({ type }) => type !== 'step.interrupted',
    );
    if (told.length > 0) await run.tell(...told);
  }

  async function take(id: string): Promise<TakeOverOutcome> {
    const taken: TakenOver = await takeOver({ context, keeper }, id);
    if (!taken.ok) return taken;
    hold(taken.run);
    await taken.goOn();
    return { ok: true };
  }

  async function takeOnce(id: string): Promise<TakeOverOutcome> {
    refuseWhenClosing();
    if (held.has(id)) return { ok: true };
    const under = taking.get(id) ?? take(id).finally(() => taking.delete(id));
    taking.set(id, under);
    return under;
  }

  /** One that cannot be read says so to whoever asks for it, and is not in the way of the others. */
  async function recoverOne(id: string): Promise<boolean> {
    try {
      return (await takeOnce(id)).ok;
    } catch (error) {
      if (!isCadreError(error)) throw error;
      failures.set(id, { error, heard: true });
      return false;
    }
  }

  function refuseWhenClosing(): void {
    if (closing) throw new CadreError('store_unavailable', 'this process is ending and takes no more runs');
  }

  return {
    async start(request) {
      refuseWhenClosing();
      const started = starter.start(request, hold).finally(() => starting.delete(started));
      starting.add(started);
      return started;
    },
    isHeld: (run) => held.has(run),
    rest: async (run) => held.get(run)?.rest(),
    takeOver: takeOnce,
    async attend(run) {
      const here = held.get(run);
      if (here !== undefined) {
        await here.comeUp();
        await here.notice();
        return;
      }
      if (!closing) await takeOnce(run);
    },
    async recover() {
      const mayTake = (lease: Lease) => mayBeTaken(lease, liveness(lease), clock.now());
      const waiting = [...(await listAbandoned(store, mayTake, mode))];
      const taken: string[] = [];
      const work = async () => {
        for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
          if (!held.has(id) && (await recoverOne(id))) taken.push(id);
        }
      };
      await Promise.all(Array.from({ length: RECOVERED_AT_ONCE }, work));
      return taken.sort();
    },
    check(run) {
      const failed = failures.get(run);
      if (failed === undefined) return;
      failed.heard = true;
      throw failed.error;
    },
    async close(drainMs) {
      closing = true;
      takeBackLook?.();
      await Promise.allSettled([...taking.values(), ...starting]);
      await Promise.all([...held.values()].map((run) => run.close(drainMs)));
      await Promise.all(givingBack);
      keeper.close();
      const unheard = [...failures.values()].find((failed) => !failed.heard);
      if (unheard !== undefined) throw unheard.error;
    },
  };
}
