import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dueTimes, newestDues } from './due-times.ts';
import { jitterMs } from './jitter.ts';
import { nextDue, nextDues } from './next-due.ts';
import { parseRule } from './parse-rule.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
const START = Date.UTC(2025, 0, 1);
const TEN_YEARS = 10 * 365 * 86_400_000;

const zone = fc.constantFrom(...ZONES);
const time = fc.integer({ min: START, max: START + TEN_YEARS });
const hour = fc.integer({ min: 0, max: 23 });
const minute = fc.integer({ min: 0, max: 59 });

/** What the clocks read, by way of another part of the runtime than the one under test. */
function reading(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
}

test('[FND-81] in every zone, on any day of ten years, a daily rule is due when its clocks read so or a gap ends', () => {
  fc.assert(
    fc.property(zone, time, hour, minute, (timeZone, from, atHour, atMinute) => {
      const due = nextDue(parseRule(`${atMinute} ${atHour} * * *`, { timeZone, now: 0 }), from) ?? 0;
      expect(due).toBeGreaterThan(from);
      expect(due - from).toBeLessThanOrEqual(27 * 3_600_000);
      const wanted = `${String(atHour).padStart(2, '0')}:${String(atMinute).padStart(2, '0')}:00`;
      const read = reading(timeZone, due).slice(11);
      if (read === wanted) return;
      // The clocks jumped over it at that very moment.
      const before = reading(timeZone, due - 1_000).slice(11);
      expect(before < wanted && wanted < read, `${timeZone} ${before} ${wanted} ${read}`).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('[FND-81] in every zone each day of a year has its daily firing once, in order', () => {
  fc.assert(
    fc.property(zone, fc.integer({ min: 2025, max: 2034 }), hour, (timeZone, year, atHour) => {
      const rule = parseRule(`30 ${atHour} * 3,4,10,11 *`, { timeZone, now: 0 });
      const dues = nextDues(rule, Date.UTC(year, 1, 27), 122);
      const days = dues.map((due) => reading(timeZone, due).slice(0, 10));
      expect(new Set(days).size).toBe(122);
      expect(days).toEqual([...days].sort());
    }),
    { numRuns: 12 },
  );
});

test('what is due next does not depend on when one asks', () => {
  fc.assert(
    fc.property(
      zone,
      time,
      fc.constantFrom('30 2 * * *', '*/20 1-3 * * *', '5 * * * *', 'every 7h'),
      (timeZone, from, text) => {
        const rule = parseRule(text, { timeZone, now: 0 });
        const due = nextDue(rule, from) ?? 0;
        expect(nextDue(rule, from + Math.floor((due - from) / 2))).toBe(due);
        expect(nextDue(rule, due - 1)).toBe(due);
      },
    ),
    { numRuns: 300 },
  );
});

test('jitter is the same for the same time, another for others, and never more than asked for', () => {
  fc.assert(
    fc.property(fc.string(), time, fc.integer({ min: 1, max: 3_600_000 }), (name, due, most) => {
      const late = jitterMs(name, due, most);
      expect(late).toBe(jitterMs(name, due, most));
      expect(late >= 0 && late < most).toBe(true);
    }),
  );
  const spread = Array.from({ length: 1_000 }, (_, day) => jitterMs('nightly', START + day * 86_400_000, 10));
  expect(new Set(spread).size).toBe(10);
});

test('[FND-79] after downtime the newest is due, nothing, or all of the last hundred', () => {
  const rule = parseRule('*/5 * * * *', { now: 0 });
  const now = Date.UTC(2027, 0, 10, 12, 3);
  const from = now - 3 * 86_400_000;
  const newest = Date.UTC(2027, 0, 10, 12, 0);
  expect(dueTimes(rule, { from, now, missed: 'newest' })).toEqual({ due: [newest], next: newest + 300_000 });
  expect(dueTimes(rule, { from, now, missed: 'skip' })).toEqual({ due: [], next: newest + 300_000 });
  const { due } = dueTimes(rule, { from, now, missed: 'all' });
  expect(due).toHaveLength(100);
  expect(due.at(-1)).toBe(newest);
  expect(dueTimes(rule, { from, now, missed: 'all', windowMs: 11 * 60_000 }).due).toEqual([
    newest - 300_000,
    newest,
  ]);
  // On time, or late by what a busy machine needs.
  expect(dueTimes(rule, { from: newest, now: newest + 59_000, missed: 'skip' }).due).toEqual([newest]);
});

test('[FND-79] what was due before the window is not fired', () => {
  const rule = parseRule('0 0 1 * *', { now: 0 });
  const now = Date.UTC(2027, 1, 3);
  expect(dueTimes(rule, { from: Date.UTC(2027, 0, 1), now, missed: 'newest' }).due).toEqual([]);
  expect(
    dueTimes(rule, { from: Date.UTC(2027, 0, 1), now: Date.UTC(2027, 1, 1, 20), missed: 'newest' }).due,
  ).toEqual([Date.UTC(2027, 1, 1)]);
});

test('the newest of a rule that is due every second are found without looking at all of them', () => {
  const rule = parseRule('* * * * * *', { now: 0 });
  const until = Date.UTC(2027, 0, 1);
  expect(newestDues(rule, until - TEN_YEARS, until, 3)).toEqual([until - 2_000, until - 1_000, until]);
});
