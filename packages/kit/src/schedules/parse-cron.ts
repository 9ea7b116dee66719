import { KitError } from '../error.ts';
import { nearest } from '../nearest.ts';
import type { CronFields } from './rule.ts';

interface FieldSpec {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** The names of the values, from `least` on. */
  readonly names?: readonly string[];
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

const SPECS: readonly FieldSpec[] = [
  { name: 'second', least: 0, most: 59 },
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  // 7 is Sunday too.
  { name: 'day of week', least: 0, most: 7, names: DAYS },
];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** No month has more days. */
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Five fields (minute hour day-of-month month day-of-week), six with leading seconds, or a nickname such as `@daily`.
 * Throws `invalid_schedule` with `details: { field, position, range }`.
 */
export function parseCron(written: string): CronFields {
  const text = written.trim().startsWith('@') ? expandNickname(written) : written;
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], at: match.index }));
  if (words.length !== 5 && words.length !== 6) {
    throw fault(written, 'rule', 0, 'five fields, or six with seconds', `it has ${words.length} fields`);
  }
  const specs = words.length === 6 ? SPECS : SPECS.slice(1);
  const [second, minute, hour, dayOfMonth, month, weekday] = [
    ...(words.length === 5 ? [[0]] : []),
    ...specs.map((spec, index) => {
      const { word, at } = words[index] as { word: string; at: number };
      return word === '*' ? undefined : parseField(written, word, at, spec);
    }),
  ];
  const dayOfWeek = weekday && ascending(weekday.map((day) => day % 7));
  refuseNever(written, { dayOfMonth, month, dayOfWeek });
  return {
    second: second ?? allOf(SPECS[0]),
    minute: minute ?? allOf(SPECS[1]),
    hour,
    dayOfMonth,
    month,
    dayOfWeek,
  };
}

function expandNickname(written: string): string {
  const name = written.trim().toLowerCase();
  const text = NICKNAMES[name];
  if (text !== undefined) return text;
  const names = Object.keys(NICKNAMES);
  const [likely] = nearest(name, names);
  throw fault(
    written,
    'rule',
    0,
    names.join(' '),
    likely === undefined ? 'there is no such word' : `did you mean ${likely}?`,
  );
}

function parseField(text: string, word: string, start: number, spec: FieldSpec): readonly number[] {
  const values: number[] = [];
  let at = start;
  for (const part of word.split(',')) {
    values.push(...parsePart(text, part, at, spec));
    at += part.length + 1;
  }
  return ascending(values);
}

/** `*`, `7`, `mon`, `1-5`, `fri-mon` (around the end), `8-18/2`, a star with `/15`, `10/20` (from 10 on). */
function parsePart(text: string, part: string, at: number, spec: FieldSpec): readonly number[] {
  const [range = '', step, more] = part.split('/');
  const refuse = (offset: number, why: string) => fault(text, spec.name, at + offset, rangeOf(spec), why);
  if (more !== undefined) throw refuse(range.length, 'there are two steps');
  const every = step === undefined ? 1 : Number(/^\d{1,4}$/.test(step) ? step : Number.NaN);
  if (!(every >= 1)) throw refuse(range.length + 1, `${show(step ?? '')} is no step`);
  if (range === '*') return steps(spec.least, topOf(spec), every);
  const dash = range.indexOf('-');
  const firstText = dash === -1 ? range : range.slice(0, dash);
  const first = readValue(firstText, spec);
  if (first === undefined) throw refuse(0, `${show(firstText)} is none`);
  if (dash === -1) return step === undefined ? [first] : steps(first, topOf(spec), every);
  const lastText = range.slice(dash + 1);
  const last = readValue(lastText, spec);
  if (last === undefined) throw refuse(dash + 1, `${show(lastText)} is none`);
  if (first <= last) return steps(first, last, every);
  if (spec.names === undefined || /\d/.test(range)) throw refuse(0, `${show(range)} runs backwards`);
  const size = spec.names.length;
  return steps(first, last + size, every).map((value) => spec.least + ((value - spec.least) % size));
}

function readValue(text: string, { least, most, names }: FieldSpec): number | undefined {
  if (/^\d{1,4}$/.test(text)) {
    const value = Number(text);
    return value >= least && value <= most ? value : undefined;
  }
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index === -1 ? undefined : least + index;
}

/** 31 February never comes; of a rule that names a day of the week too, that one does. */
function refuseNever(
  text: string,
  { dayOfMonth, month, dayOfWeek }: Pick<CronFields, 'dayOfMonth' | 'month' | 'dayOfWeek'>,
): void {
  if (dayOfMonth === undefined || month === undefined || dayOfWeek !== undefined) return;
  const longest = Math.max(...month.map((each) => LONGEST_MONTH[each - 1] ?? 31));
  if ((dayOfMonth[0] ?? 1) <= longest) return;
  const at = text.search(/\S+\s+\S+\s+\S+\s*$/);
  throw fault(
    text,
    'day of month',
    Math.max(0, at),
    `1 to ${longest} in those months`,
    'it would never fire',
  );
}

const topOf = ({ most, names }: FieldSpec) => (names === DAYS ? 6 : most);

function allOf(spec: FieldSpec | undefined): readonly number[] {
  return spec === undefined ? [] : steps(spec.least, spec.most, 1);
}

function steps(first: number, last: number, every: number): number[] {
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => first + index * every);
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((left, right) => left - right);
}

function rangeOf({ least, most, names }: FieldSpec): string {
  return `${least} to ${most}${names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`}`;
}

const show = (text: string) => (text === '' ? 'nothing' : JSON.stringify(text));

export function fault(text: string, field: string, position: number, range: string, why: string): KitError {
  const place = field === 'rule' ? '' : `, ${field} at position ${position + 1}`;
  return new KitError(
    'invalid_schedule',
    `${JSON.stringify(text)} is no schedule${place}: ${why}; allowed: ${range}`,
    {
      hint: 'write for example "0 7 * * mon-fri", "@daily", "every 15m", "at 2027-01-31T08:00" or "in 2h"',
      details: { field, position, range },
    },
  );
}
