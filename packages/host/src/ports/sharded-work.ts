import type { Claim } from './dispatch.ts';

/** A process in which shards can live. */
export interface ShardPlace {
  /** Names the process; holds no space. */
  readonly id: string;
  /** How much of a class it does at once; `*`: of every class that is not named. What it does not do is not named. */
  readonly rooms: Readonly<Record<string, number>>;
}

export interface Shard {
  readonly class: string;
  readonly shard: string;
}

export interface TakenHere {
  readonly claims: readonly Claim[];
  /** More of the class waits for this place. */
  readonly more: boolean;
}

/** A shard, as people see it. */
export interface PlacedShard extends Shard {
  readonly place: string;
}

/**
 * Work that is best done where work of the same shard was done before. A shard of a class lives in one place: it gets one
 * when it is first used, the one with the fewest shards of the class for its room, and keeps it until the place is gone or
 * nobody has used the shard for an hour. It is a preference: what is done elsewhere is done as well.
 */
export interface ShardedWork {
  /** Says that this place is there, for the first time or again; answers the classes of which work waits for it. */
  enter(place: ShardPlace): Promise<readonly string[]>;
  /** Where each of them lives from now on; undefined: there is nobody who does such work. */
  assign(shards: readonly Shard[]): Promise<readonly (string | undefined)[]>;
  /** The same as `take` of the queue, of what waits for this place alone. */
  take(place: string, className: string, most: number, everywhere?: number): Promise<TakenHere>;
  /** What was taken from the queue of its class and not begun waits for its place from now on. */
  pass(claims: readonly { readonly claim: Claim; readonly place: string }[]): Promise<void>;
  /** Those that were used within the last hour, whose places are there; at most so many. */
  list(most: number): Promise<readonly PlacedShard[]>;
  /** This place does nothing more: what waits for it is for anybody. */
  leave(place: string): Promise<void>;
}
