import type { Outcome } from '@cadre/sdk';
import type { Surroundings } from '../ports/action-runner.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A process of a pool, from when it is being started until it is gone. */
export interface Member {
  readonly key: string;
  /** Where its code lies. */
  readonly folder: string;
  readonly around: Surroundings;
  readonly started: Promise<Outcome<WorkerProcess>>;
  /** Once it is started. */
  process?: WorkerProcess;
  /** Calls that have taken it, also while it is starting. */
  taken: number;
  /** Of those that have taken it, how many wait for calls of others. */
  waiting: number;
  /** Of the calls that it had, the one used longest ago first. */
  readonly shards: Set<string>;
  /** It gets no further call. */
  isLeaving: boolean;
  takeBackIdle?: (() => void) | undefined;
}

/** A process has at hand what it had last, and not all that it ever had. */
const MOST_SHARDS = 1_000;

export function isLeaving({ isLeaving, process }: Member): boolean {
  return isLeaving || process?.isRetired === true;
}

/** Nothing goes on in it: whatever it has waits for calls of others. */
export function isWaiting({ taken, waiting }: Member): boolean {
  return taken > 0 && waiting === taken;
}

/** The processes of a pool that are not gone, in the order in which they were last used. */
export class PoolMembers extends Set<Member> {
  /** Without a call, and open for one. */
  idle(): readonly Member[] {
    return [...this].filter((member) => member.taken === 0 && !isLeaving(member));
  }

  /** Open for calls of this kind. */
  open(key: string): readonly Member[] {
    return [...this].filter((member) => member.key === key && !isLeaving(member));
  }

  /** It is the one now that was used last. */
  touch(member: Member): void {
    this.delete(member);
    this.add(member);
  }

  /** The one that had the shard; else the one with the fewest calls, of those the one used last, which has the most at hand. */
  find(key: string, most: number, shard: string | undefined): Member | undefined {
    const fitting = this.open(key).filter(({ taken }) => taken < most);
    const known = shard === undefined ? undefined : fitting.find(({ shards }) => shards.has(shard));
    if (known !== undefined) return known;
    const least = Math.min(...fitting.map(({ taken }) => taken));
    return fitting.findLast(({ taken }) => taken === least);
  }

  /** It is the only one that is preferred for the shard. */
  remember(member: Member, shard: string): void {
    for (const each of this) each.shards.delete(shard);
    member.shards.add(shard);
    const [oldest] = member.shards;
    if (member.shards.size > MOST_SHARDS && oldest !== undefined) member.shards.delete(oldest);
  }
}
