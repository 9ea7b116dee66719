import type { Places, WorkQueue } from '../ports/dispatch.ts';

interface Options {
  readonly queue: Pick<WorkQueue, 'shards'>;
  readonly places: Places;
  readonly place: string;
  /** Which work this process does; undefined: whatever there is. */
  readonly classes: readonly string[] | undefined;
  readonly known: readonly string[];
  readonly failed: (error: unknown) => void;
}

/** This process as a place in which shards live. */
export interface Presence {
  /** Says that it is there; of each class of which work waits for it, it is called. Never rejects. */
  appear(): Promise<void>;
  /** It is no place any more, and what waits for it is for anybody. Never rejects. */
  leave(): Promise<void>;
}

export function createPresence(options: Options, call: (className: string) => void): Presence {
  const { queue, place: id, failed } = options;
  const rooms = roomsOf(options);
  let left = false;
  let last: Promise<void> = Promise.resolve();

  /** One after the other: whoever has left does not come back by a beat that was on its way. */
  function next(work: () => Promise<void>): Promise<void> {
    last = last.then(work).catch(failed);
    return last;
  }

  return {
    appear: () =>
      next(async () => {
        if (left) return;
        for (const className of await queue.shards.enter({ id, rooms })) call(className);
      }),
    leave() {
      left = true;
      return next(() => queue.shards.leave(id));
    },
  };
}

/** What it does of each class at once. A class that nobody has described is taken for work of the processor. */
function roomsOf({ classes, known, places }: Options): Readonly<Record<string, number>> {
  const all = Object.fromEntries((classes ?? known).map((name) => [name, places.free(name)]));
  return classes === undefined ? { ...all, '*': all['cpu'] ?? 1 } : all;
}
