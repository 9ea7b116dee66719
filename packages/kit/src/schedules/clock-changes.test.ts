import { describe, expect, test } from 'vitest';
import { nextDues } from './next-due.ts';
import { parseRule } from './parse-rule.ts';

/** Times are UTC. Every rule begins some hours before the clocks change. */
const TABLE: Readonly<
  Record<string, readonly (readonly [what: string, rule: string, from: string, due: readonly string[]])[]>
> = {
  'Europe/Berlin': [
    [
      'a skipped time is due when the gap is over',
      '30 2 * * *',
      '2027-03-27T00:00Z',
      ['2027-03-27T01:30', '2027-03-28T01:00', '2027-03-29T00:30'],
    ],
    [
      'a skipped time of a rule for few days',
      '15 2 27-28 3 *',
      '2027-03-27T02:00Z',
      ['2027-03-28T01:00', '2028-03-27T00:15'],
    ],
    [
      'a repeated time is due the first time',
      '30 2 * * *',
      '2027-10-30T10:00Z',
      ['2027-10-31T00:30', '2027-11-01T01:30'],
    ],
    [
      'who comes in the repeated hour waits for the next day',
      '30 2 * * *',
      '2027-10-31T01:05Z',
      ['2027-11-01T01:30'],
    ],
    [
      'quarters go by elapsed time through the repeated hour',
      '*/30 1-3 31 10 *',
      '2027-10-30T22:00Z',
      [
        '2027-10-30T23:00',
        '2027-10-30T23:30',
        '2027-10-31T00:00',
        '2027-10-31T00:30',
        '2027-10-31T01:00',
        '2027-10-31T01:30',
        '2027-10-31T02:00',
        '2027-10-31T02:30',
      ],
    ],
    [
      'quarters do not make up for the skipped hour',
      '*/30 1-3 28 3 *',
      '2027-03-27T22:00Z',
      ['2027-03-28T00:00', '2027-03-28T00:30', '2027-03-28T01:00', '2027-03-28T01:30', '2028-03-27T23:00'],
    ],
  ],
  'America/New_York': [
    ['a skipped time', '30 2 * * *', '2027-03-13T12:00Z', ['2027-03-14T07:00', '2027-03-15T06:30']],
    ['a repeated time', '30 1 * * *', '2027-11-06T12:00Z', ['2027-11-07T05:30', '2027-11-08T06:30']],
    ['seconds', '30 30 1 * * *', '2027-11-06T12:00Z', ['2027-11-07T05:30:30', '2027-11-08T06:30:30']],
    [
      'every hour of a day of 25 is one',
      '0 * * * *',
      '2027-11-07T04:30Z',
      ['2027-11-07T05:00', '2027-11-07T06:00', '2027-11-07T07:00', '2027-11-07T08:00'],
    ],
  ],
  'Australia/Lord_Howe': [
    ['half an hour is skipped', '15 2 * * *', '2027-10-01T20:00Z', ['2027-10-02T15:30', '2027-10-03T15:15']],
    ['half an hour is repeated', '45 1 * * *', '2027-04-02T20:00Z', ['2027-04-03T14:45', '2027-04-04T15:15']],
    [
      'a time after the repeated half hour is not',
      '0 2 * * *',
      '2027-04-02T20:00Z',
      ['2027-04-03T15:30', '2027-04-04T15:30'],
    ],
  ],
  'Africa/Casablanca': [
    // For Ramadan the clocks go back, and forward again after it: two changes within some weeks.
    ['a repeated time', '30 2 * * *', '2026-02-14T12:00Z', ['2026-02-15T01:30', '2026-02-16T02:30']],
    ['a skipped time', '30 2 * * *', '2026-03-21T12:00Z', ['2026-03-22T02:00', '2026-03-23T01:30']],
  ],
  'Pacific/Apia': [
    [
      'what is due on a day that does not exist is due when the next begins, once',
      '0 9,17 * * *',
      '2011-12-30T00:00Z',
      ['2011-12-30T03:00', '2011-12-30T10:00', '2011-12-30T19:00', '2011-12-31T03:00'],
    ],
    [
      'a rule for the day that does not exist',
      '0 9 30 12 *',
      '2011-12-29T00:00Z',
      ['2011-12-30T10:00', '2012-12-29T19:00'],
    ],
  ],
  'Asia/Kathmandu': [
    [
      'quarters of every hour run on UTC, whatever the zone',
      '*/30 * * * *',
      '2027-01-01T00:10Z',
      ['2027-01-01T00:30', '2027-01-01T01:00'],
    ],
    [
      'hours are those of the zone',
      '0 * * * *',
      '2027-01-01T00:00Z',
      ['2027-01-01T00:15', '2027-01-01T01:15'],
    ],
  ],
};

describe.each(Object.entries(TABLE))('[FND-74] in %s', (timeZone, cases) => {
  test.each(cases)('%s: %s', (_what, text, from, due) => {
    const rule = parseRule(text, { timeZone, now: 0 });
    const found = nextDues(rule, Date.parse(from), due.length);
    expect(found.map((time) => new Date(time).toISOString())).toEqual(
      due.map((time) => new Date(`${time}Z`).toISOString()),
    );
  });
});

test('[FND-74] an interval is not moved by any clock change', () => {
  const rule = parseRule('every 6h', { timeZone: 'Europe/Berlin', now: 0 });
  const found = nextDues(rule, Date.parse('2027-03-27T13:00Z'), 5).map((time) =>
    new Date(time).toISOString(),
  );
  expect(found.map((time) => time.slice(8, 16))).toEqual([
    '27T18:00',
    '28T00:00',
    '28T06:00',
    '28T12:00',
    '28T18:00',
  ]);
});
