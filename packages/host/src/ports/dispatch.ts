import type { JsonObject } from '@cadre/sdk';
import type { ClassFigures } from './figures.ts';
import type { ShardedWork } from './sharded-work.ts';
import type { Alongside } from './shared-journal.ts';

/** Who wants to perform something, and how much it matters. */
export interface Wish {
  /** `cpu`, `io`, `llm`, `deploy`, or one of the workspace's own. */
  readonly class: string;
  /** Higher goes first. */
  readonly priority: number;
  readonly run: string;
  readonly step: string;
}

/** Places for attempts in this process: a bounded number for each class of work. */
export interface Places {
  /**
   * Waits for a place: by priority, then run by run in turn, then by age; each 15 minutes of waiting are worth one level of
   * priority. Answers the way to give it back; undefined when the signal was aborted first.
   */
  take(wish: Wish, signal: AbortSignal): Promise<(() => void) | undefined>;
  /** How many could begin at once now. */
  free(className: string): number;
  /** Gives what waits of a run another priority; undefined leaves that of a step as it is. */
  prioritise(run: string, priorityOf: (step: string) => number | undefined): void;
  figures(): readonly ClassFigures[];
}

/** Work that any process may do that has the same store open. */
/** Of `priority` of a job: so many are one level of what people say. */
export const PRIORITY_STEPS = 10;

export interface Job {
  /** A UUID made of what is to be done, so that the same is never handed in twice. */
  readonly id: string;
  readonly class: string;
  readonly priority: number;
  /** All that whoever does it must know. */
  readonly data: JsonObject;
  /** Longer than it can take: after it the job is taken for abandoned, however alive its process is. */
  readonly expiresMs: number;
  /** Handed in as claimed by the process that hands it in. */
  readonly direct?: true;
  /** It waits for this place alone, for as long as that is there. */
  readonly place?: string;
}

/** An attempt of a run that waits for a process, or that one performs. */
export interface HandedIn extends Pick<Job, 'id' | 'class' | 'priority'> {
  readonly taken: boolean;
  readonly step: string;
  /** The only one that it waits for. */
  readonly place?: string;
}

export interface WaitingJobs {
  readonly class: string;
  readonly waiting: number;
  /** Milliseconds since 1970. */
  readonly oldest?: number;
}

/** A job in the hands of a process, which has to keep it by its heartbeat. */
export interface Claim {
  readonly id: string;
  readonly class: string;
  /** How often it was taken before by somebody who died over it. */
  readonly deaths: number;
  readonly data: JsonObject;
  /** It is in no queue: it was handed in as claimed, or waited for this place alone. */
  readonly direct?: true;
}

export interface Work {
  readonly jobs?: readonly Job[];
  /** Whatever came of them; a claim that was lost meanwhile is left to its new holder. */
  readonly settled?: readonly Claim[];
}

/**
 * The work of all processes of a workspace, kept beside the journal.
 * A job is there exactly from the transaction that hands it in to the one that settles it. A claim whose process does not
 * touch it for 10 s is given to another one, with one more death, within 12 s.
 */
export interface WorkQueue {
  /** Hands in and settles inside the journal's transaction; what to tell the others is `work CLASS`, or `placed PLACE CLASS`. */
  readonly write: Alongside<Work>;
  readonly shards: ShardedWork;
  /** Must be called before jobs of a class are written: outside of the transaction, which could not make its table. */
  prepare(className: string): Promise<void>;
  /**
   * At most so many, the most important first, where each 15 minutes of waiting count for one level more. Over all processes
   * never more than `everywhere` of them are taken.
   */
  take(className: string, most: number, everywhere?: number): Promise<readonly Claim[]>;
  /** Says that they are still being worked on; answers the ids of those that still belong to this process. */
  touch(claims: readonly Claim[]): Promise<ReadonlySet<string>>;
  /** Takes back what nobody has begun; answers which that were. */
  withdraw(ids: readonly string[]): Promise<readonly string[]>;
  /** Gives back what was taken and not begun, as if it had never been taken. */
  giveBack(claims: readonly Claim[]): Promise<void>;
  /** Whether there is no job of any class, taken or not. */
  isEmpty(): Promise<boolean>;
  /** The classes that there were ever jobs of. */
  listClasses(): Promise<readonly string[]>;
  /** `run` of the data of every job that is there, taken or not. */
  listRuns(): Promise<ReadonlySet<string>>;
  /** The attempts of one run that were handed in. */
  listJobs(run: string): Promise<readonly HandedIn[]>;
  /** Gives jobs that nobody has taken another priority. */
  reorder(jobs: readonly Pick<Job, 'id' | 'class' | 'priority'>[]): Promise<void>;
  /** How many stand before a job that nobody has taken, counted no further than `most`. */
  countAhead(job: Pick<Job, 'id' | 'class'>, most: number): Promise<number>;
  /** How many wait of each class, and since when the oldest. Counts them: not to be asked more often than need be. */
  waiting(): Promise<readonly WaitingJobs[]>;
  /** From now on this process also looks after claims whose process died. */
  supervise(): Promise<void>;
  close(): Promise<void>;
}
