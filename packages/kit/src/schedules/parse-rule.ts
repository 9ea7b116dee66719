import { KitError } from '../error.ts';
import { parseDuration } from '../format/parse.ts';
import { fault, parseCron } from './parse-cron.ts';
import type { CronFields, CronRule, Rule } from './rule.ts';
import { checkZone, fromWall } from './zone.ts';

export interface ParseRuleOptions {
  /** Whose clocks cron rules and times without an offset go by: a name of the IANA database. Default UTC. */
  readonly timeZone?: string;
  /** What `in 2h` counts from. */
  readonly now: number;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 366 * 86_400_000;

/**
 * A cron expression of five fields or six with leading seconds, `@hourly @daily @weekly @monthly @yearly`, `every 15m`,
 * `at 2027-01-31T08:00` (with `Z` or `+01:00` where the zone's clocks are not meant), `in 2h`.
 * Throws `invalid_schedule` with `details: { field, position, range }`.
 */
export function parseRule(written: string, { timeZone = 'UTC', now }: ParseRuleOptions): Rule {
  checkZone(timeZone);
  const text = written.trim();
  const [, word = '', rest = ''] = /^(every|at|in)\b\s*(.*)$/i.exec(text) ?? [];
  const at = written.length - rest.length;
  switch (word.toLowerCase()) {
    case 'every':
      return { kind: 'interval', text, everyMs: span(written, 'every', rest, at) };
    case 'in':
      return { kind: 'once', text, at: now + span(written, 'in', rest, at) };
    case 'at':
      return { kind: 'once', text, at: moment(written, rest, at, timeZone) };
    default:
      return cronRule(parseCron(written), text, timeZone);
  }
}

function cronRule(fields: CronFields, text: string, timeZone: string): CronRule {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = fields;
  const often = second.length > 1 || minute.length > 1;
  const always = [hour, dayOfMonth, month, dayOfWeek].every((field) => field === undefined);
  return {
    kind: 'cron',
    text,
    fields,
    pace: often || hour === undefined ? 'elapsed' : 'wall',
    // What is due several times in every hour names no time of any clock.
    timeZone: often && always ? 'UTC' : timeZone,
  };
}

function span(text: string, field: string, written: string, at: number): number {
  const range = 'from 1s to 366d, for example 15m or 1h30m';
  try {
    const found = parseDuration(written);
    if (found >= SHORTEST_MS && found <= LONGEST_MS) return Math.round(found);
  } catch (error) {
    if (!(error instanceof KitError)) throw error;
    const { position = 0 } = (error.details ?? {}) as { readonly position?: number };
    throw fault(text, field, at + position, range, `${JSON.stringify(written)} is no length of time`);
  }
  throw fault(text, field, at, range, `${written} is out of bounds`);
}

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

function moment(text: string, written: string, at: number, timeZone: string): number {
  const refuse = () =>
    fault(
      text,
      'at',
      at,
      'a time such as 2027-01-31T08:00 or 2027-01-31T08:00:00+01:00',
      `${written === '' ? 'nothing' : JSON.stringify(written)} is none`,
    );
  const found = MOMENT.exec(written);
  if (found === null) throw refuse();
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const again = new Date(wall);
  const isReal =
    again.getUTCMonth() === month - 1 &&
    again.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isReal) throw refuse();
  const offset = found[7];
  if (offset === undefined) return fromWall(timeZone, wall);
  return offset.toUpperCase() === 'Z' ? wall : wall - offsetOf(offset);
}

function offsetOf(text: string): number {
  const digits = text.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith('-') ? -1 : 1) * minutes * 60_000;
}
