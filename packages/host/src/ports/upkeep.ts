import type { RunStatus } from '@cadre/core';

/** `runs` and `plans`: a run as a whole, with its events, effects and documents · `logs`: what its steps said. */
export const KEPT_CLASSES = ['runs', 'plans', 'logs'] as const;
export type KeptClass = (typeof KEPT_CLASSES)[number];

/**
 * A definition that no run names stays for so long after it was kept last, and whoever starts runs with it keeps it again
 * twice in that time: so none goes between the moment in which it is kept and the one in which its run is there.
 */
export const UNNAMED_DEFINITION_MS = 24 * 3_600_000;

/**
 * What is kept of runs that are over, how much that is, and how it goes. Nothing here looks at all runs: counters are kept
 * with what they count, and what is due is found in the order in which it falls due.
 */
export interface Upkeep {
  counts(): Promise<readonly RunCount[]>;
  /** Of runs that are over: how much was kept when they ended. */
  sizes(): Promise<readonly KeptSize[]>;
  /**
   * The next that may go, the longest over first, after `after`. Never a run that is not over, is pinned (or stands in a
   * pinned one), that a hold covers, or to which a run refers that is not over.
   */
  listRemovable(kept: KeptClass, after: Due | undefined, limit: number): Promise<readonly Due[]>;
  /**
   * Removes what `listRemovable` gave, in transactions of some milliseconds each. A run that was pinned, held or referred
   * to meanwhile stays, as do runs that are not there any more; answers those that went.
   */
  remove(kept: KeptClass, due: readonly Due[], now: number): Promise<readonly Removed[]>;
  /** Goes on with removals that were cut off; answers how many. */
  finishRemovals(): Promise<number>;
  /** What is left of a run that was removed. */
  findTombstone(run: string): Promise<Tombstone | undefined>;
  /** Forgets what is left of removed runs but for the newest `most` (at least 100); answers how many. */
  forgetTombstones(most: number): Promise<number>;
  /** Removes definitions that no run names and that were kept last before this time; answers how many. */
  removeDefinitions(before: number): Promise<number>;
  /** Results of actions that hold no more; answers how many. */
  removeExpiredResults(now: number): Promise<number>;
  /** False: there is no such run. */
  pin(run: string, pin: Pin): Promise<boolean>;
  /** False: it was not pinned. */
  unpin(run: string): Promise<boolean>;
  listPins(): Promise<readonly (Pin & { readonly run: string })[]>;
  /** A hold of the same name is replaced. */
  hold(name: string, hold: Hold): Promise<void>;
  /** False: there was none. */
  release(name: string): Promise<boolean>;
  listHolds(): Promise<readonly (Hold & { readonly name: string })[]>;
  /**
   * Gives the room of what was removed back to the system, bit by bit. `alone`: nobody else has the store open, so it may
   * also be written anew as a whole, where that is the only way.
   */
  vacuum(alone: boolean): Promise<Vacuumed>;
}

export interface RunCount {
  readonly workflow: string;
  readonly mode: 'apply' | 'plan';
  readonly status: RunStatus;
  readonly runs: number;
}

export interface KeptSize {
  readonly class: KeptClass;
  readonly runs: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface Due {
  readonly key: number;
  readonly run: string;
  readonly endedAt: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface Removed extends Due {
  /** Of the run's events, as its tombstone keeps it; of logs there is none. */
  readonly digest?: string;
}

/** SHA-256 of the run's events, each as `number version event` and a line feed. */
export interface Tombstone {
  readonly run: string;
  readonly status: RunStatus;
  readonly endedAt: number;
  readonly number: number;
  readonly digest: string;
  readonly removedAt: number;
}

export interface Pin {
  readonly principal: string;
  readonly at: number;
  readonly reason: string;
}

/** For legal reasons: nothing that it covers is removed until it is released. */
export interface Hold extends Pin {
  /** Name of a workflow, or `*`. */
  readonly workflow: string;
}

export interface Vacuumed {
  /** `incremental`: bit by bit · `whole`: the file was written anew · `none`: nothing was worth it, or it is not possible now. */
  readonly how: 'incremental' | 'whole' | 'analyzed' | 'none';
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}
