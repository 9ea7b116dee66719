import { createRecentCount, createWaitingLine, type RecentCount, type WaitingLine } from '@cadre/kit/line';
import type { Clock } from '../ports/clock.ts';
import type { Places, Wish } from '../ports/dispatch.ts';

interface Waiting {
  readonly wish: Wish;
  readonly enter: () => void;
}

interface Room {
  readonly places: number;
  free: number;
  readonly line: WaitingLine<Waiting>;
  readonly begun: RecentCount;
}

/** More of a line is told to nobody. */
const MOST_TOLD = 200;

/**
 * Places of this process; `limitOf` says how many a class has. Who waits is served as `kit/line` says.
 *
 * Invariants
 * 1. Of one priority each run that waits is served once before any of them is served again.
 * 2. Nobody waits while there is a free place.
 */
export function createPlaces(
  limitOf: (className: string) => number,
  { now }: Pick<Clock, 'now'> = { now: Date.now },
): Places {
  const rooms = new Map<string, Room>();

  function roomOf(className: string): Room {
    const known = rooms.get(className);
    if (known !== undefined) return known;
    const places = limitOf(className);
    const room = { places, free: places, line: createWaitingLine<Waiting>(), begun: createRecentCount() };
    rooms.set(className, room);
    return room;
  }

  /** A place is given back once, whatever its holder does. */
  function placeIn(room: Room): () => void {
    room.begun.add(now());
    let held = true;
    return () => {
      if (held) giveBack(room);
      held = false;
    };
  }

  function giveBack(room: Room): void {
    const next = room.line.next(now());
    if (next === undefined) room.free += 1;
    else next.item.enter();
  }

  return {
    free: (className) => roomOf(className).free,
    async take(wish, signal) {
      if (signal.aborted) return undefined;
      const room = roomOf(wish.class);
      if (room.free > 0) {
        room.free -= 1;
        return placeIn(room);
      }
      return new Promise((resolve) => {
        const leave = () => {
          room.line.leave(waiting);
          resolve(undefined);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(placeIn(room));
        };
        const waiting = room.line.join({ wish, enter }, wish.run, wish.priority, now());
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    prioritise(run, priorityOf) {
      for (const { line } of rooms.values()) line.move(run, ({ wish }) => priorityOf(wish.step), now());
    },
    figures: () =>
      [...rooms].map(([className, { places, free, line, begun }]) => ({
        class: className,
        places,
        taken: places - free,
        waiting: line.length,
        ...(line.oldest === undefined ? {} : { oldest: line.oldest }),
        begun: begun.total,
        lastMinute: begun.lastMinute(now()),
        line: line
          .ordered(now(), MOST_TOLD)
          .map(({ item: { wish } }) => ({ run: wish.run, step: wish.step })),
      })),
  };
}
