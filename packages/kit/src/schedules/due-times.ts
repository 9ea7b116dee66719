import { nextDue } from './next-due.ts';
import type { Rule } from './rule.ts';

/** What is done with times that were due while nobody looked. `all`: at most the newest 100. */
export type Missed = 'newest' | 'skip' | 'all';

export interface DueTimesOptions {
  /** The earliest time that has not been dealt with. */
  readonly from: number;
  readonly now: number;
  readonly missed: Missed;
  /** Older ones are past helping. Default 24 h. */
  readonly windowMs?: number;
}

export const MISSED_WINDOW_MS = 86_400_000;
const MOST_MISSED = 100;
/** So late is not missed yet: a busy machine, a process that was just started anew. */
const ON_TIME_MS = 60_000;
/** Where looking back begins; it goes further until there is enough. */
const FIRST_LOOK_MS = 60_000;

export interface DueTimes {
  /** What is to be fired now, the earliest first. */
  readonly due: readonly number[];
  /** The next one after now. */
  readonly next: number | undefined;
}

/** Which of the times from `from` until now are fired, and what comes next. */
export function dueTimes(
  rule: Rule,
  { from, now, missed, windowMs = MISSED_WINDOW_MS }: DueTimesOptions,
): DueTimes {
  const next = nextDue(rule, now);
  const earliest = Math.max(from, now - (missed === 'skip' ? Math.min(ON_TIME_MS, windowMs) : windowMs));
  return { due: newestDues(rule, earliest, now, missed === 'all' ? MOST_MISSED : 1), next };
}

/** At most so many times from `from` to `until`, both included, the newest ones; the earliest first. */
export function newestDues(rule: Rule, from: number, until: number, most: number): readonly number[] {
  for (let look = FIRST_LOOK_MS; ; look *= 4) {
    const start = Math.max(from, until - look);
    const dues: number[] = [];
    for (let due = nextDue(rule, start - 1); due !== undefined && due <= until; due = nextDue(rule, due)) {
      dues.push(due);
    }
    if (dues.length >= most || start === from) return dues.slice(-most);
  }
}
