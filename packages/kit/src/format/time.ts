import { finite } from './finite.ts';

/** Milliseconds of each unit, largest first. */
export const DURATION_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const RELATIVE_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `2h30m`, `1m5s`, `1.5s`, `850ms`: the two largest units that count; under ten seconds with one decimal. */
export function duration(ms: number): string {
  const whole = Math.round(Math.abs(finite(ms, 'a duration')));
  const sign = ms < 0 && whole > 0 ? '-' : '';
  if (whole < 1_000) return `${sign}${whole}ms`;
  if (whole < 9_950) return `${sign}${Math.round(whole / 100) / 10}s`;
  const largest = DURATION_UNITS.findIndex(([, size]) => size <= whole && size < 604_800_000);
  return sign + twoUnits(whole, largest);
}

function twoUnits(ms: number, largest: number): string {
  const [unit, size] = DURATION_UNITS[largest] ?? ['ms', 1];
  const [smaller, smallerSize] = size > 1_000 ? (DURATION_UNITS[largest + 1] ?? ['', size]) : ['', size];
  const rounded = Math.round(ms / smallerSize) * smallerSize;
  // Rounding may have filled up the larger unit: 59m59.9s is an hour.
  const [, above] = DURATION_UNITS[largest - 1] ?? ['', Number.POSITIVE_INFINITY];
  if (rounded >= above && above < 604_800_000) return twoUnits(rounded, largest - 1);
  const rest = Math.round((rounded % size) / smallerSize);
  return `${Math.floor(rounded / size)}${unit}${rest === 0 || smaller === '' ? '' : `${rest}${smaller}`}`;
}

/** What people say instead of a number: the last one and the next one. */
const NEIGHBOURS: Readonly<Record<string, readonly [last: string, next: string]>> = {
  year: ['last year', 'next year'],
  month: ['last month', 'next month'],
  week: ['last week', 'next week'],
  day: ['yesterday', 'tomorrow'],
};

/**
 * `3 minutes ago`, `in 2 days`, `now`. Both times are milliseconds since 1970. The words are those of
 * `Intl.RelativeTimeFormat`, which takes some milliseconds to make.
 */
export function relativeTime(at: number, options: { readonly now: number }): string {
  const distance = finite(at, 'a time') - finite(options.now, 'a time');
  const [unit, size] = RELATIVE_UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? ['second', 1_000];
  const number = Math.trunc(distance / size);
  if (number === 0) return 'now';
  const amount = Math.abs(number);
  const neighbours = amount === 1 ? NEIGHBOURS[unit] : undefined;
  if (neighbours !== undefined) return neighbours[number < 0 ? 0 : 1];
  const words = `${amount} ${unit}${amount === 1 ? '' : 's'}`;
  return number < 0 ? `${words} ago` : `in ${words}`;
}

export interface DateOptions {
  /** IANA name; default UTC, so that the output is the same everywhere. */
  readonly timeZone?: string;
  readonly show?: 'date' | 'time' | 'both';
}

/** `2026-01-31 14:05:09`. `at` is milliseconds since 1970. */
export function date(at: number, options: DateOptions = {}): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: options.timeZone ?? 'UTC',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = Object.fromEntries(
    format.formatToParts(finite(at, 'a time')).map(({ type, value }) => [type, value]),
  );
  const day = `${parts['year']}-${parts['month']}-${parts['day']}`;
  const time = `${parts['hour']}:${parts['minute']}:${parts['second']}`;
  return { date: day, time, both: `${day} ${time}` }[options.show ?? 'both'];
}
