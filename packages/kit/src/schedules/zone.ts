import { KitError } from '../error.ts';
import { nearest } from '../nearest.ts';

/**
 * What the clocks of a zone read. `wall` times are what they read as if it were UTC: 07:00 in Berlin on 1 July is
 * `Date.UTC(…, 6, 1, 7)`. The rules of zones are those of the runtime (`Intl`).
 *
 * Invariant: within one day of UTC a zone changes its offset at most once.
 */

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** More than any clock change moves: Samoa once skipped a whole day. */
const REACH_MS = 1.5 * DAY_MS;
/** Ten years of a few zones. */
const MOST_DAYS = 50_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsetsOfDays = new Map<string, number>();
const changesOfDays = new Map<string, number>();

/** Throws `invalid_schedule` for what is no name of the IANA time zone database. */
export function checkZone(zone: string): void {
  // `+02:00` is a zone to Intl and none to people, who mean a place with its clock changes.
  if (/^[A-Za-z]/.test(zone) && findFormat(zone) !== undefined) return;
  const [likely] = nearest(zone, Intl.supportedValuesOf('timeZone'));
  throw new KitError('invalid_schedule', `${JSON.stringify(zone)} is no time zone`, {
    hint: likely === undefined ? 'name one such as Europe/Berlin or UTC' : `did you mean ${likely}?`,
    details: { field: 'timeZone', position: 0, range: 'names of the IANA time zone database' },
  });
}

/** Milliseconds by which the clocks there are ahead of UTC. */
export function offsetAt(zone: string, time: number): number {
  if (zone === 'UTC') return 0;
  const day = Math.floor(time / DAY_MS);
  const before = offsetOfDay(zone, day);
  const after = offsetOfDay(zone, day + 1);
  return before === after || time >= changeOfDay(zone, day, before) ? after : before;
}

/** The first moment after `from` and not after `to` at which the offset is another. */
export function findChange(zone: string, from: number, to: number): number | undefined {
  if (zone === 'UTC') return undefined;
  for (let day = Math.floor(from / DAY_MS); day * DAY_MS <= to; day++) {
    const before = offsetOfDay(zone, day);
    if (before === offsetOfDay(zone, day + 1)) continue;
    const change = changeOfDay(zone, day, before);
    if (change > from && change <= to) return change;
  }
  return undefined;
}

/**
 * When the clocks read this for the first time; where a clock change skips it, the moment of that change, which is the
 * first that they do read after it.
 */
export function fromWall(zone: string, wall: number): number {
  const offsets = [offsetAt(zone, wall - REACH_MS), offsetAt(zone, wall + REACH_MS)];
  const times = offsets.map((offset) => wall - offset).filter((time) => time + offsetAt(zone, time) === wall);
  if (times.length > 0) return Math.min(...times);
  return findChange(zone, wall - REACH_MS, wall + REACH_MS) ?? wall - (offsets[0] ?? 0);
}

function offsetOfDay(zone: string, day: number): number {
  const key = `${zone} ${day}`;
  const known = offsetsOfDays.get(key);
  if (known !== undefined) return known;
  if (offsetsOfDays.size >= MOST_DAYS) offsetsOfDays.clear();
  const offset = askOffset(zone, day * DAY_MS);
  offsetsOfDays.set(key, offset);
  return offset;
}

/** The second of that day in which the offset becomes another than `before`. */
function changeOfDay(zone: string, day: number, before: number): number {
  const key = `${zone} ${day}`;
  const known = changesOfDays.get(key);
  if (known !== undefined) return known;
  let low = (day * DAY_MS) / SECOND_MS;
  let high = low + DAY_MS / SECOND_MS;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (askOffset(zone, middle * SECOND_MS) === before) low = middle;
    else high = middle;
  }
  changesOfDays.set(key, high * SECOND_MS);
  return high * SECOND_MS;
}

function askOffset(zone: string, time: number): number {
  const format = findFormat(zone);
  if (format === undefined) throw new Error(`bug: ${zone} was not checked`);
  const read: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(time)) read[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / SECOND_MS) * SECOND_MS;
}

function findFormat(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
    return format;
  } catch {
    return undefined;
  }
}
