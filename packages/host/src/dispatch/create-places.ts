import type { Places, Wish } from '../ports/dispatch.ts';

interface Waiting {
  readonly wish: Wish;
  readonly enter: () => void;
}

/** Runs in the order in which they are served next, each with what it waits for. */
type Level = Map<string, Set<Waiting>>;

interface Room {
  free: number;
  /** By priority, highest first. */
  readonly levels: Map<number, Level>;
}

/**
 * Places of this process; `limitOf` says how many a class has.
 *
 * Invariants
 * 1. Of one priority each run that waits is served once before any of them is served again.
 * 2. Nobody waits while there is a free place.
 */
export function createPlaces(limitOf: (className: string) => number): Places {
  const rooms = new Map<string, Room>();

  function roomOf(className: string): Room {
    const room = rooms.get(className) ?? { free: limitOf(className), levels: new Map() };
    rooms.set(className, room);
    return room;
  }

  /** A place is given back once, whatever its holder does. */
  function placeIn(room: Room): () => void {
    let held = true;
    return () => {
      if (held) giveBack(room);
      held = false;
    };
  }

  function giveBack(room: Room): void {
    const next = takeNext(room);
    if (next === undefined) room.free += 1;
    else next.enter();
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
          remove(room, waiting);
          resolve(undefined);
        };
        const waiting: Waiting = {
          wish,
          enter() {
            signal.removeEventListener('abort', leave);
            resolve(placeIn(room));
          },
        };
        add(room, waiting);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}

function add({ levels }: Room, waiting: Waiting): void {
  const { priority, run } = waiting.wish;
  const level = levels.get(priority) ?? new Map<string, Set<Waiting>>();
  const known = levels.has(priority);
  const ofRun = level.get(run);
  if (ofRun === undefined) level.set(run, new Set([waiting]));
  else ofRun.add(waiting);
  levels.set(priority, level);
  if (!known) sort(levels);
}

/** A new priority is rare. */
function sort(levels: Map<number, Level>): void {
  const sorted = [...levels].sort(([left], [right]) => right - left);
  levels.clear();
  for (const [priority, level] of sorted) levels.set(priority, level);
}

function takeNext({ levels }: Room): Waiting | undefined {
  for (const [priority, level] of levels) {
    for (const [run, ofRun] of level) {
      const [next] = ofRun;
      if (next !== undefined) ofRun.delete(next);
      // Invariant 1: whoever was served goes to the end.
      level.delete(run);
      if (ofRun.size > 0) level.set(run, ofRun);
      if (level.size === 0) levels.delete(priority);
      return next;
    }
  }
  return undefined;
}

function remove({ levels }: Room, waiting: Waiting): void {
  const { priority, run } = waiting.wish;
  const level = levels.get(priority);
  const ofRun = level?.get(run);
  ofRun?.delete(waiting);
  if (ofRun?.size === 0) level?.delete(run);
  if (level?.size === 0) levels.delete(priority);
}
