import type { Claim, WorkQueue } from '../ports/dispatch.ts';

interface Options {
  readonly queue: WorkQueue;
  readonly place: string;
  readonly everywhere: (className: string) => number | undefined;
  readonly passOn: (claims: readonly Claim[]) => Promise<readonly Claim[]>;
}

/** Takes work until there are `room` claims in `taken`, and puts each there at once, so that none is lost when more fails. */
export interface Source {
  /** Of what waits for anybody; what lives elsewhere is passed on. */
  takeAny(className: string, room: number, taken: Claim[]): Promise<void>;
  /** Of what waits for this place alone; answers whether there is more. */
  takeOwn(className: string, room: number, taken: Claim[]): Promise<boolean>;
}

export function createSource({ queue, place, everywhere, passOn }: Options, stopped: () => boolean): Source {
  /** What cannot be passed on now waits again: some of it may have been, and that is left alone. */
  async function keepOwn(found: readonly Claim[]): Promise<readonly Claim[]> {
    try {
      return found.length === 0 ? found : await passOn(found);
    } catch (error) {
      await queue.giveBack(found);
      throw error;
    }
  }

  return {
    async takeAny(className, room, taken) {
      for (let more = true; more && taken.length < room && !stopped(); ) {
        const left = room - taken.length;
        const found = await queue.take(className, left, everywhere(className));
        taken.push(...(await keepOwn(found)));
        // What was passed on left room for what stood behind it.
        more = found.length >= left;
      }
    },
    async takeOwn(className, room, taken) {
      if (taken.length >= room) return true;
      const left = room - taken.length;
      const { claims, more } = await queue.shards.take(place, className, left, everywhere(className));
      taken.push(...claims);
      return more;
    },
  };
}
