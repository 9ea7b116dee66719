import type { Clock } from '../ports/clock.ts';
import type { Claim, Places, WorkQueue } from '../ports/dispatch.ts';
import type { Reserve } from './claim-here.ts';
import { keepAlive } from './keep-alive.ts';
import { createPresence } from './presence.ts';
import { createSource } from './source.ts';

export interface PerformingOptions {
  readonly queue: WorkQueue;
  readonly places: Places;
  readonly clock: Clock;
  /** Which work this process does; undefined: whatever there is. */
  readonly classes: readonly string[] | undefined;
  readonly known: readonly string[];
  readonly everywhere: (className: string) => number | undefined;
  /** This process, as one in which shards live. */
  readonly place: string;
  /** Of what was taken for anybody, what is to be done here; the rest was passed on. */
  readonly passOn: (claims: readonly Claim[]) => Promise<readonly Claim[]>;
  /** Does the work and settles it. Rejects when it could not be settled: then it is left to others. */
  readonly perform: (claim: Claim) => Promise<void>;
  /** The claim belongs to this process no more, or nobody can say: its work stops, and nothing of it is kept. */
  readonly lost: (claim: Claim) => void;
  /** Each time the heart beats: what is under way. */
  readonly beat: (claims: readonly Claim[]) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

export interface Performing {
  readonly reserve: Reserve;
  /** There may be work of this class; undefined: of any. */
  wake(className: string | undefined): void;
  /** Work of this class waits for this place alone. */
  call(place: string, className: string): void;
  /** There is no job anywhere, and nobody has told of one since. */
  isIdle(): boolean;
  /** Takes nothing more; resolves when what was taken and not begun, or waits for this place, has been given back. */
  stop(): Promise<void>;
  /** Ends for good. Call it when nothing is under way any more. */
  close(): void;
}

/** A lost NOTIFY, and a claim that became free because its process died, cost this much. */
const POLL_MS = 500;
/** The queue takes a claim for abandoned after 10 s. */
const BEAT_MS = 3_000;
/** Whoever could not say for so long that it lives has to take its claims for lost, before anybody else does. */
const SILENT_MS = 9_000;
const SUPERVISE_MS = 2_000;
/** More are taken with the next question; each costs some 4 ms. */
const MOST_AT_ONCE = 200;
const CLASSES_MS = 60_000;

/** So long nothing has happened before it is asked whether there is anything at all. */
const QUIET_MS = 15_000;
/** Idle, everything is looked at so seldom: NOTIFY wakes, and a connection that broke and is there again wakes too. */
const IDLE_MS = 60_000;
/** Where nobody has a claim there is only the queue's own housekeeping to do. */
const IDLE_SUPERVISE_MS = 300_000;

/**
 * Takes work as fast as there are places for it, and keeps it by its heartbeat.
 *
 * Invariants
 * 1. No more is taken than can be begun at once.
 * 2. Idle is who knows that there is no job at all, and has heard of none since. Where anybody has a claim nobody is idle,
 *    so that its death is noticed within 12 s.
 * 3. A claim is touched from when it was taken until it is settled; one that was lost is stopped at once.
 * 4. A place is reserved for what this process hands in only while nothing waits for its places, so that what matters more
 *    still goes first; and never in a class that is counted over all processes.
 * 5. What waits for this place and what waits for anybody take turns in going first, so that neither waits for ever.
 * 6. This place is there from its first beat until it stops; who is idle says so less often.
 */
export function startPerforming(options: PerformingOptions): Performing {
  const { queue, places, clock } = options;
  const claims = new Map<string, { readonly claim: Claim; touched: number }>();
  const loops = new Map<string, Loop>();
  const taking = new Set<Promise<void>>();
  /** Places that wait for a claim which is being handed in, by class. */
  const reserved = new Map<string, number>();
  const letProcessEnd = keepAlive();
  const source = createSource(options, () => stopped);
  const presence = createPresence(options, (className) => call(className));
  let stopped = false;
  let closed = false;
  let idle = false;
  let newsAt = clock.now();

  interface Loop {
    /** Counts what might mean that there is work. */
    signals: number;
    /** The last question was answered in full: there is more. */
    more: boolean;
    /** Work waits for this place, as far as is known. */
    own: boolean;
    ownFirst: boolean;
    wake: () => void;
  }

  function open(className: string): void {
    if (loops.has(className) || stopped) return;
    const loop: Loop = { signals: 0, more: false, own: false, ownFirst: false, wake: () => undefined };
    loops.set(className, loop);
    const running = goOn(className, loop).finally(() => taking.delete(running));
    taking.add(running);
  }

  async function goOn(className: string, loop: Loop): Promise<void> {
    while (!stopped) {
      const seen = loop.signals;
      const room = Math.min(freeOf(className), MOST_AT_ONCE);
      const taken = room > 0 ? await takeSome(className, loop, room) : [];
      // Where there was no room nobody knows: it is asked again when there is.
      loop.more = taken.length >= room;
      for (const claim of taken) begin(className, loop, claim);
      if (seen === loop.signals && (taken.length === 0 || !loop.more || room <= 0)) await pause(loop);
      else await new Promise(setImmediate);
    }
  }

  function freeOf(className: string): number {
    return places.free(className) - (reserved.get(className) ?? 0);
  }

  /** Invariant 4. */
  const reserve: Reserve = (className) => {
    const loop = loops.get(className);
    if (loop === undefined || stopped || loop.more || loop.own || options.everywhere(className) !== undefined)
      return;
    if (freeOf(className) <= 0) return;
    reserved.set(className, (reserved.get(className) ?? 0) + 1);
    const giveBack = () => void reserved.set(className, (reserved.get(className) ?? 0) - 1);
    return {
      giveBack,
      begin(claim) {
        giveBack();
        begin(className, loop, claim);
      },
    };
  };

  /** Invariant 5. What was taken before anything went wrong is begun. */
  async function takeSome(className: string, loop: Loop, room: number): Promise<readonly Claim[]> {
    const taken: Claim[] = [];
    const any = () => source.takeAny(className, room, taken);
    const own = async () => {
      // Somebody may call meanwhile.
      loop.own = false;
      if (await source.takeOwn(className, room, taken)) loop.own = true;
    };
    loop.ownFirst = !loop.ownFirst;
    const inTurn = loop.ownFirst ? [own, any] : [any, own];
    try {
      for (const take of loop.own ? inTurn : [any]) await take();
    } catch (error) {
      options.failed(error);
    }
    if (!stopped) return taken;
    await queue.giveBack(taken).catch(options.failed);
    return [];
  }

  function pause(loop: Loop): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        takeBack();
        loop.wake = () => undefined;
        resolve();
      };
      const takeBack = clock.wakeAt(clock.now() + (idle ? IDLE_MS : POLL_MS), done);
      loop.wake = done;
    });
  }

  function begin(className: string, loop: Loop, claim: Claim): void {
    stir();
    const held = { claim, touched: clock.now() };
    claims.set(claim.id, held);
    options
      .perform(claim)
      .catch(options.failed)
      .finally(() => {
        if (claims.get(claim.id) === held) claims.delete(claim.id);
        // A place is free again, which matters only where there was more work than places.
        if (loop.more) signal(className);
      });
  }

  function signal(className: string): void {
    const loop = loops.get(className);
    if (loop === undefined) return;
    loop.signals += 1;
    loop.wake();
  }

  async function beat(): Promise<void> {
    const all = [...claims.values()];
    if (all.length === 0) return;
    const now = clock.now();
    try {
      const held = await queue.touch(all.map(({ claim }) => claim));
      for (const each of all) {
        if (held.has(each.claim.id)) each.touched = now;
        else lose(each);
      }
      await options.beat(all.map(({ claim }) => claim));
    } catch (error) {
      options.failed(error);
    }
  }

  function lose(each: { readonly claim: Claim }): void {
    // Settled while the store was asked.
    if (claims.get(each.claim.id) !== each) return;
    claims.delete(each.claim.id);
    options.lost(each.claim);
  }

  function call(className: string): void {
    if (options.classes === undefined) open(className);
    const loop = loops.get(className);
    if (loop === undefined) return;
    loop.own = true;
    signal(className);
  }

  /** Never a second time before the first is over. */
  function every(ms: number, work: () => unknown): void {
    clock.wakeAt(clock.now() + ms, async () => {
      if (closed) return;
      await work();
      every(ms, work);
    });
  }

  function stir(): void {
    newsAt = clock.now();
    idle = false;
  }

  let supervisedAt = 0;

  /** Invariant 2. */
  async function rest(): Promise<void> {
    if (idle) await presence.appear();
    if (claims.size > 0) return stir();
    const before = newsAt;
    if (clock.now() - before < QUIET_MS) return;
    try {
      const empty = await queue.isEmpty();
      if (newsAt !== before) return;
      if (empty) idle = true;
      else stir();
    } catch (error) {
      options.failed(error);
    }
  }

  async function supervise(): Promise<void> {
    if (idle && clock.now() - supervisedAt < IDLE_SUPERVISE_MS) return;
    supervisedAt = clock.now();
    try {
      await queue.supervise();
      for (const className of loops.keys()) signal(className);
    } catch (error) {
      options.failed(error);
    }
  }

  async function openAll(): Promise<void> {
    try {
      for (const className of options.classes ?? (await queue.listClasses())) open(className);
    } catch (error) {
      options.failed(error);
    }
  }

  every(BEAT_MS, beat);
  every(BEAT_MS, () => (idle ? undefined : presence.appear()));
  // By itself: a beat that gets no answer must not keep it from giving up.
  every(1_000, () => {
    const silent = clock.now() - SILENT_MS;
    for (const each of claims.values()) if (each.touched < silent) lose(each);
  });
  every(SUPERVISE_MS, supervise);
  every(QUIET_MS, rest);
  for (const className of options.classes ?? options.known) open(className);
  if (options.classes === undefined) every(CLASSES_MS, openAll);
  void openAll();
  void presence.appear();

  return {
    reserve,
    call(place, className) {
      stir();
      if (place === options.place) call(className);
    },
    isIdle: () => idle,
    wake(className) {
      stir();
      // What was told may have been that something waits for this place.
      if (className === undefined) void presence.appear();
      if (className !== undefined && options.classes === undefined) open(className);
      for (const name of className === undefined ? loops.keys() : [className]) signal(name);
    },
    async stop() {
      stopped = true;
      for (const className of loops.keys()) signal(className);
      await Promise.all(taking);
      await presence.leave();
    },
    close() {
      closed = true;
      stopped = true;
      letProcessEnd();
    },
  };
}
