import { Cron } from 'croner';
import type { CronRule, IntervalRule, Rule } from './rule.ts';
import { findChange, fromWall, offsetAt } from './zone.ts';

/** Monday, 5 January 1970: weeks begin on Monday. */
const EPOCH = 4 * 86_400_000;
const SECOND_MS = 1_000;

/** Rules are few and asked often. */
const MOST_PATTERNS = 1_000;
const patterns = new Map<string, Cron>();

/**
 * The first moment after `after` at which a rule is due; undefined when there is none any more. Clock changes, as rules
 * of wall-clock time go: a time that is skipped is due at the first minute after the gap, one that is repeated the first
 * time only. Intervals, and rules that are due in every hour or several times in one, go by elapsed time.
 */
export function nextDue(rule: Rule, after: number): number | undefined {
  switch (rule.kind) {
    case 'once':
      return rule.at > after ? rule.at : undefined;
    case 'interval':
      return nextInterval(rule, after);
    case 'cron':
      return rule.pace === 'wall' ? nextWall(rule, after) : nextElapsed(rule, after);
  }
}

/** The first `count` moments after `after`. */
export function nextDues(rule: Rule, after: number, count: number): readonly number[] {
  const dues: number[] = [];
  for (let due = nextDue(rule, after); due !== undefined && dues.length < count; due = nextDue(rule, due)) {
    dues.push(due);
  }
  return dues;
}

function nextInterval({ everyMs }: IntervalRule, after: number): number {
  return EPOCH + (Math.floor((after - EPOCH) / everyMs) + 1) * everyMs;
}

/** Times on the wall become moments in the same order, so none is missed; those that were before are passed over. */
function nextWall(rule: CronRule, after: number): number | undefined {
  const { timeZone } = rule;
  let wall = nextReading(rule, after + offsetAt(timeZone, after));
  while (wall !== undefined) {
    const due = fromWall(timeZone, wall);
    if (due > after) return due;
    wall = nextReading(rule, wall);
  }
  return undefined;
}

/** Between two clock changes moments and what the clocks read differ by one offset. */
function nextElapsed(rule: CronRule, after: number): number | undefined {
  const { timeZone } = rule;
  let from = after;
  let offset = offsetAt(timeZone, after);
  for (;;) {
    const reading = nextReading(rule, from + offset);
    if (reading === undefined) return undefined;
    const due = reading - offset;
    const change = findChange(timeZone, from, due);
    if (change === undefined) return due;
    from = change - SECOND_MS;
    offset = offsetAt(timeZone, change);
    const atChange = nextReading(rule, from + offset);
    if (atChange === change + offset) return change;
    from = change;
  }
}

/** The first reading of a clock after `reading` that the fields allow, both as if they were UTC. */
function nextReading({ fields }: CronRule, reading: number): number | undefined {
  const all = [fields.second, fields.minute, fields.hour, fields.dayOfMonth, fields.month, fields.dayOfWeek];
  const pattern = all.map((values) => values?.join(',') ?? '*').join(' ');
  let cron = patterns.get(pattern);
  if (cron === undefined) {
    if (patterns.size >= MOST_PATTERNS) patterns.clear();
    cron = new Cron(pattern, { timezone: 'UTC', paused: true, domAndDow: false });
    patterns.set(pattern, cron);
  }
  // It goes on from whole seconds.
  return cron.nextRun(new Date(Math.floor(reading / SECOND_MS) * SECOND_MS))?.getTime();
}
