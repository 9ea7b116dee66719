import { describe, expect, test } from 'vitest';
import { explainRule } from './explain-rule.ts';
import { nextDues } from './next-due.ts';
import { parseRule } from './parse-rule.ts';

const NOW = Date.UTC(2027, 0, 1, 10);

function next(text: string, count = 3, timeZone = 'UTC'): string[] {
  const rule = parseRule(text, { now: NOW, timeZone });
  return nextDues(rule, NOW, count).map((due) => new Date(due).toISOString().replace(/:00\.000Z$/, ''));
}

describe('[FND-73] a rule', () => {
  test.each([
    ['30 7 * * mon-fri', ['2027-01-04T07:30', '2027-01-05T07:30', '2027-01-06T07:30']],
    ['0 12 * * fri-mon', ['2027-01-01T12:00', '2027-01-02T12:00', '2027-01-03T12:00']],
    ['0 0 * * 7', ['2027-01-03T00:00', '2027-01-10T00:00', '2027-01-17T00:00']],
    ['15,45 8-18/5 * jan,feb *', ['2027-01-01T13:15', '2027-01-01T13:45', '2027-01-01T18:15']],
    ['10/20 10 * * *', ['2027-01-01T10:10', '2027-01-01T10:30', '2027-01-01T10:50']],
    ['@hourly', ['2027-01-01T11:00', '2027-01-01T12:00', '2027-01-01T13:00']],
    ['@daily', ['2027-01-02T00:00', '2027-01-03T00:00', '2027-01-04T00:00']],
    ['@weekly', ['2027-01-03T00:00', '2027-01-10T00:00', '2027-01-17T00:00']],
    ['@monthly', ['2027-02-01T00:00', '2027-03-01T00:00', '2027-04-01T00:00']],
    ['@yearly', ['2028-01-01T00:00', '2029-01-01T00:00', '2030-01-01T00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    ['every 90m', ['2027-01-01T10:30', '2027-01-01T12:00', '2027-01-01T13:30']],
    ['every 1w', ['2027-01-04T00:00', '2027-01-11T00:00', '2027-01-18T00:00']],
    ['in 2h', ['2027-01-01T12:00']],
    ['at 2027-01-31T08:00', ['2027-01-31T08:00']],
    ['at 2027-01-31 08:00:00+05:30', ['2027-01-31T02:30']],
    ['at 2026-01-31', []],
  ])('%s', (text, due) => {
    expect(next(text)).toEqual(due);
  });

  test('with leading seconds', () => {
    expect(next('*/20 0 11 * * *', 4)).toEqual([
      '2027-01-01T11:00',
      '2027-01-01T11:00:20.000Z',
      '2027-01-01T11:00:40.000Z',
      '2027-01-02T11:00',
    ]);
  });

  test('that limits day of month and day of week is due on either', () => {
    // 1 January 2027 is a Friday.
    expect(next('0 0 13 * fri', 4)).toEqual([
      '2027-01-08T00:00',
      '2027-01-13T00:00',
      '2027-01-15T00:00',
      '2027-01-22T00:00',
    ]);
    expect(next('0 0 13 * *', 2)).toEqual(['2027-01-13T00:00', '2027-02-13T00:00']);
  });

  test('at a time without an offset goes by the clocks of the zone', () => {
    expect(next('at 2027-07-01T08:00', 1, 'Europe/Berlin')).toEqual(['2027-07-01T06:00']);
    expect(next('at 2027-03-28T02:30', 1, 'Europe/Berlin')).toEqual(['2027-03-28T01:00']);
  });

  test.each([
    ['61 * * * *', 'minute', 0, '0 to 59', /"61"/],
    ['0 7 * * mon-fry', 'day of week', 12, '0 to 7 or sun to sat', /"fry"/],
    ['0  24 * * *', 'hour', 3, '0 to 23', /"24"/],
    ['0 7 1,x * *', 'day of month', 6, '1 to 31', /"x"/],
    ['*/0 * * * *', 'minute', 2, '0 to 59', /no step/],
    ['5-1 * * * *', 'minute', 0, '0 to 59', /backwards/],
    ['0 0 31 feb,apr *', 'day of month', 4, '1 to 30 in those months', /never fire/],
    ['* * * *', 'rule', 0, 'five fields, or six with seconds', /4 fields/],
    ['@dayly', 'rule', 0, /@daily/, /did you mean @daily/],
    ['every 5x', 'every', 7, /15m/, /no length/],
    ['every 0s', 'every', 6, /1s to 366d/, /out of bounds/],
    ['at 2027-02-30T00:00', 'at', 3, /2027-01-31/, /is none/],
    ['', 'rule', 0, 'five fields, or six with seconds', /0 fields/],
  ])('%j is refused with field, position and range', (text, field, position, range, message) => {
    let error: unknown;
    try {
      parseRule(text, { now: NOW });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'invalid_schedule', details: { field, position } });
    const { details, message: said } = error as { details: { range: string }; message: string };
    if (typeof range === 'string') expect(details.range).toBe(range);
    else expect(details.range).toMatch(range);
    expect(said).toMatch(message);
  });

  test('in a zone that there is not is refused, with what was meant', () => {
    expect(() => parseRule('@daily', { now: 0, timeZone: 'Europe/Berlyn' })).toThrow(
      expect.objectContaining({ code: 'invalid_schedule', hint: 'did you mean Europe/Berlin?' }),
    );
    expect(() => parseRule('@daily', { now: 0, timeZone: '+02:00' })).toThrow(/no time zone/);
  });
});

test.each([
  ['0 7 * * mon-fri', 'at 07:00, Monday to Friday (Europe/Berlin)'],
  ['*/15 * * * *', 'at every 15 minutes of every hour (UTC)'],
  ['0 9,17 1 1,7 *', 'at 09:00, 17:00, on day 1 of the month, in January, July (Europe/Berlin)'],
  ['0 0 13 * fri', 'at 00:00, on day 13 of the month or any Friday (Europe/Berlin)'],
  ['every 15m', 'every 15m, counted from Monday 00:00 UTC'],
  ['at 2027-01-31T08:00Z', 'once, at 2027-01-31T08:00:00.000Z'],
])('%s in words: %s', (text, words) => {
  expect(explainRule(parseRule(text, { now: NOW, timeZone: 'Europe/Berlin' }))).toBe(words);
});
