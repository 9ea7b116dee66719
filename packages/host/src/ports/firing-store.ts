import type { RunStatus } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

/**
 * `waiting`: claimed, and not begun yet or tried again later · `running`: its run was started or is about to be ·
 * `dead`: its run failed for good · `replayed`: it was dead and another firing has taken its place.
 */
export const FIRING_STATUSES = [
  'waiting',
  'running',
  'succeeded',
  'skipped',
  'cancelled',
  'dead',
  'replayed',
] as const;

export type FiringStatus = (typeof FIRING_STATUSES)[number];

/** What a trigger made of one happening: of a time that was due, a delivery, a change of files, an event. */
export interface FiringRecord {
  readonly id: number;
  readonly trigger: string;
  /** Unique within the trigger: `due:1798761600000`, `delivery:72d3162e`. */
  readonly key: string;
  readonly due: number;
  readonly claimedAt: number;
  /** 1 low, 2 normal, 3 high. */
  readonly priority: number;
  readonly status: FiringStatus;
  /** Which try it is, from 1. */
  readonly attempt: number;
  /** It is not begun before: jitter, or the delay of a retry. */
  readonly notBefore: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Of the last try. */
  readonly run?: string;
  readonly failure?: { readonly code: string; readonly message: string };
}

export interface Firing extends FiringRecord {
  /** What happened, as expressions see it. */
  readonly event: JsonObject;
}

export type NewFiring = Pick<
  Firing,
  'trigger' | 'key' | 'due' | 'claimedAt' | 'priority' | 'notBefore' | 'event'
> & {
  /** Why it is kept and not begun. */
  readonly skipped?: Firing['failure'];
};

/** What is known of a trigger beyond its file. */
export interface TriggerState {
  readonly trigger: string;
  readonly paused: boolean;
  /** Of a schedule: the rule that `due` is of, since when it is known, and the clock when `due` was moved. */
  readonly rule?: string;
  readonly since: number;
  readonly movedAt: number;
  /** The next time that nobody has claimed; absent when there is none. */
  readonly due?: number;
  /** Why it does nothing, where it does not. */
  readonly note?: string;
}

export interface FiringFilter {
  readonly trigger?: string;
  readonly status?: readonly FiringStatus[];
  /** Due from this time on, and before that one. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  /** Only those with a smaller id. */
  readonly before?: number;
}

/** How a try ended, and when it is tried again, if it is. */
export type FiringEnd =
  | {
      readonly status: Exclude<FiringStatus, 'waiting' | 'running' | 'replayed'>;
      readonly failure?: Firing['failure'];
    }
  | { readonly status: 'waiting'; readonly notBefore: number; readonly failure?: Firing['failure'] };

export type Begun =
  /** The run is to be started now; before that, these runs of the same trigger are to be cancelled. */
  | { readonly ok: true; readonly cancel: readonly string[] }
  /** `gone`: somebody else has begun it · `full`: no slot · `busy`: another run of the trigger goes on. */
  | { readonly ok: false; readonly reason: 'gone' | 'full' | 'busy' };

/** What triggers have done and are about to do. A happening becomes one firing, whatever number of processes see it. */
export interface FiringStore {
  findState(trigger: string): Promise<TriggerState | undefined>;
  listStates(): Promise<readonly TriggerState[]>;
  /** Notes a schedule's rule and what is due next, unless that rule is noted already; answers what is noted now. */
  putRule(
    trigger: string,
    rule: string,
    at: { readonly now: number; readonly due: number | undefined; readonly note?: string },
  ): Promise<TriggerState>;
  /** While it is paused nothing of it is claimed and nothing begun. With `due` a schedule goes on from there. */
  setPaused(trigger: string, paused: boolean, now: number, due?: number): Promise<void>;
  /**
   * Moves a schedule from `expected` on to `next`, and keeps the firings, in one transaction. False, and nothing is
   * kept: it stands elsewhere, its rule is another, or it is paused.
   */
  claim(claim: {
    readonly trigger: string;
    readonly rule: string;
    readonly expected: number;
    readonly next: number | undefined;
    readonly now: number;
    readonly firings: readonly NewFiring[];
  }): Promise<boolean>;
  /** Keeps a firing once: when there is one with its key, that one is answered. */
  add(firing: NewFiring): Promise<{ readonly added: boolean; readonly firing: FiringRecord }>;
  /** What may be begun now, of triggers that are not paused and not `without`: by priority, one level more for each `agingMs` of waiting. */
  listReady(
    now: number,
    agingMs: number,
    limit: number,
    without?: readonly string[],
  ): Promise<readonly Firing[]>;
  /** The earliest `notBefore` after `now` of what waits. */
  nextReady(now: number): Promise<number | undefined>;
  /**
   * Notes that the run with this id is started for the firing. Of all that are begun at once, in any process, one sees
   * what the other did: never more than `atOnce` runs that do not wait for a person, never two of a trigger whose
   * `overlap` forbids it. With `skip` a firing whose trigger is busy ends as skipped.
   */
  begin(
    id: number,
    how: {
      readonly attempt: number;
      readonly run: string;
      readonly now: number;
      readonly overlap: 'skip' | 'queue' | 'cancel-running' | 'allow';
      readonly atOnce: number;
    },
  ): Promise<Begun>;
  /** Those that are running by what is noted, and whose run is over. */
  listOver(
    limit: number,
  ): Promise<
    readonly { readonly firing: FiringRecord; readonly run: RunStatus; readonly failureCode?: string }[]
  >;
  /** Those that were begun before this time, and whose run never came to be. */
  listUnstarted(before: number, limit: number): Promise<readonly Firing[]>;
  /** False: this try of it is over already. */
  end(id: number, attempt: number, now: number, end: FiringEnd): Promise<boolean>;
  find(id: number): Promise<Firing | undefined>;
  /** Newest first. */
  list(filter: FiringFilter): Promise<readonly FiringRecord[]>;
  /** Those that wait to be begun, whenever that is, counted no further than `most`. */
  countWaiting(most: number): Promise<number>;
  /** How many slots are taken: runs that go on and do not wait for a person. */
  countRunning(): Promise<number>;
  /** How many firings of a trigger came since. */
  countSince(trigger: string, since: number): Promise<number>;
  /** Puts a new firing with the same event in the place of a dead one. Undefined: it is not dead (any more). */
  replay(id: number, now: number): Promise<FiringRecord | undefined>;
  /** Forgets what is over and older than `before`, and of each trigger all but the newest `keep`; dead ones only by age. */
  prune(before: number, keep: number): Promise<number>;
}
