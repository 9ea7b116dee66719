import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration, parseSize } from './time.ts';

test.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['1w', 604_800_000],
  ['0s', 0],
])('%s is %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each([
  '',
  '10',
  'm',
  '10 m',
  '10 minutes',
  '-5s',
  '1h 30m',
  '10m ',
  '1e3s',
  '9999999999999999w',
  '1s'.repeat(100),
  '１０m',
])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  ['2GiB', 2 ** 31],
  ['500 MB', 500_000_000],
  ['512B', 512],
  ['1.5KiB', 1_536],
  ['1kB', 1_000],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '2', 'GiB', '2 gib', '2iB', '-1MB', '2GiBs', '99999999TiB'])('%j is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test('every duration that is written is read as the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
    }),
  );
  expect([formatDuration(5_400_000), formatDuration(1_500), formatDuration(0)]).toEqual([
    '1h30m',
    '1s500ms',
    '0ms',
  ]);
});
