import { createWaitingLine, type Waiting, type WaitingLine } from '@cadre/kit/line';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { Lane, PoolFigures } from '../ports/figures.ts';
import type { Member } from './pool-members.ts';
import type { Caller } from './pool-setting.ts';

const LANES: readonly (readonly [priority: number, lane: Lane])[] = [
  [1, 'high'],
  [0, 'normal'],
  [-1, 'low'],
];

/** It does nothing, however often. */
const ALIVE_MS = 2 ** 30;

interface Wanted {
  readonly worker: InstalledWorker;
  readonly caller: Caller;
  /** Undefined: there will be none. */
  readonly enter: (member: Member | undefined) => void;
}

/** A process for a call; undefined: there is none now. */
export type Seat = (worker: InstalledWorker, caller: Caller) => Member | undefined;

/**
 * Who waits for a process of a worker: a line of those that other calls wait for, which is served first, and one of all others. Nobody
 * passes whoever stands first in a line.
 */
export class PoolLines {
  readonly #all = createWaitingLine<Wanted>();
  readonly #awaited = createWaitingLine<Wanted>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#awaited.length === 0 && this.#all.length === 0;
  }

  /** Whether whoever comes now may take what is there. */
  isFirst({ isAwaited }: Caller): boolean {
    return this.#awaited.length === 0 && (isAwaited === true || this.#all.length === 0);
  }

  /** Resolves with undefined when its signal is aborted or the line ends; `left` is told of the former. */
  wait(
    worker: InstalledWorker,
    caller: Caller,
    signal: AbortSignal,
    left: () => void,
  ): Promise<Member | undefined> {
    const line = caller.isAwaited === true ? this.#awaited : this.#all;
    return new Promise((resolve) => {
      // What it waits for may be the time of a restart alone, and no clock keeps this process alive.
      const alive = setInterval(() => undefined, ALIVE_MS);
      const leave = () => {
        clearInterval(alive);
        line.leave(waiting);
        resolve(undefined);
        left();
      };
      const enter = (member: Member | undefined) => {
        clearInterval(alive);
        signal.removeEventListener('abort', leave);
        resolve(member);
      };
      const priority = laneOf(caller.priority ?? 0) ?? 0;
      const wanted = { worker, caller, enter };
      const waiting: Waiting<Wanted> = line.join(wanted, caller.run, priority, this.#now());
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Whoever stands first gets the next process that fits; the others wait for that. */
  serve(seat: Seat): void {
    while (this.#serveFirst(this.#awaited, seat) || this.#serveFirst(this.#all, seat));
  }

  /** Answers whether somebody got one. */
  #serveFirst(line: WaitingLine<Wanted>, seat: Seat): boolean {
    const first = line.first(this.#now());
    if (first === undefined) return false;
    const { worker, caller, enter } = first.item;
    const member = seat(worker, caller);
    if (member === undefined) return false;
    line.next(this.#now());
    enter(member);
    return true;
  }

  prioritise(run: string, priorityOf: (step: string) => number | undefined): void {
    const lane = ({ caller }: Wanted) => laneOf(priorityOf(caller.step));
    for (const line of [this.#awaited, this.#all]) line.move(run, lane, this.#now());
  }

  figures(): Pick<PoolFigures, 'waiting' | 'oldest'> {
    const now = this.#now();
    const lines = [this.#awaited, this.#all];
    const oldest = Math.min(...lines.map((line) => line.oldest ?? Number.POSITIVE_INFINITY));
    const waiting = lines.flatMap((line) => line.ordered(now, Number.POSITIVE_INFINITY));
    const inLane = (priority: number) => waiting.filter((one) => one.priority === priority).length;
    return {
      waiting: Object.fromEntries(LANES.map(([priority, lane]) => [lane, inLane(priority)])) as Record<
        Lane,
        number
      >,
      ...(Number.isFinite(oldest) ? { oldest } : {}),
    };
  }

  /** Nobody who waits gets one. */
  close(): void {
    for (const line of [this.#awaited, this.#all]) {
      for (let one = line.next(this.#now()); one !== undefined; one = line.next(this.#now())) {
        one.item.enter(undefined);
      }
    }
  }
}

function laneOf(priority: number | undefined): number | undefined {
  return priority === undefined ? undefined : Math.sign(priority);
}
