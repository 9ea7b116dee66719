import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytes,
  count,
  date,
  displayWidth,
  duration,
  list,
  money,
  ordinal,
  pad,
  parseBytes,
  parseCount,
  parseDuration,
  percent,
  plural,
  relativeTime,
  table,
  truncate,
} from './index.ts';

const positionOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return (error as { details: { position: number } }).details.position;
  }
  return 'understood';
};

describe('numbers', () => {
  test('sizes, counts, shares and words', () => {
    expect([0, 1023, 1024, 1536, 10_700, 5 * 1024 ** 2, 1024 ** 2 - 1, 3e15, -2048].map(bytes)).toEqual([
      '0 B',
      '1023 B',
      '1 KiB',
      '1.5 KiB',
      '10 KiB',
      '5 MiB',
      '1 MiB',
      '2.7 PiB',
      '-2 KiB',
    ]);
    expect([0, 999, 1200, 999_950, 12_345, 2.5e6].map(count)).toEqual([
      '0',
      '999',
      '1.2k',
      '1M',
      '12k',
      '2.5M',
    ]);
    expect([0, 0.853, 1].map(percent)).toEqual(['0%', '85.3%', '100%']);
    expect([money(1234.5, 'USD'), money(-3, 'EUR')]).toEqual(['$1,234.50', '-€3.00']);
    expect([1, 2, 3, 4, 11, 22, 113].map(ordinal)).toEqual([
      '1st',
      '2nd',
      '3rd',
      '4th',
      '11th',
      '22nd',
      '113th',
    ]);
    expect([plural(1, 'file'), plural(0, 'file'), plural(1500, 'entry', 'entries')]).toEqual([
      '1 file',
      '0 files',
      '1.5k entries',
    ]);
    expect([
      list(['a', 'b', 'c']),
      list(['a', 'b'], { join: 'or' }),
      list(['a', 'b', 'c'], { atMost: 1 }),
    ]).toEqual(['a, b, and c', 'a or b', 'a and 2 more']);
  });

  test('not-a-number and infinity are refused, never printed [FND-67]', () => {
    for (const format of [
      bytes,
      count,
      percent,
      duration,
      date,
      (value: number) => relativeTime(value, { now: 0 }),
    ]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        expect(() => format(value)).toThrow(expect.objectContaining({ code: 'invalid_value' }));
      }
    }
  });
});

describe('time', () => {
  test('durations, distances and dates', () => {
    expect(
      [0, 850, 1000, 1500, 9949, 9951, 65_000, 3_599_900, 9_000_000, 90_000_000, 30 * 86_400_000, -1500].map(
        duration,
      ),
    ).toEqual(['0ms', '850ms', '1s', '1.5s', '9.9s', '10s', '1m5s', '1h', '2h30m', '1d1h', '30d', '-1.5s']);
    const now = Date.UTC(2026, 0, 31, 14, 5, 9);
    expect(
      [now - 180_000, now + 2 * 86_400_000, now, now - 86_400_000].map((at) => relativeTime(at, { now })),
    ).toEqual(['3 minutes ago', 'in 2 days', 'now', 'yesterday']);
    expect(date(now)).toBe('2026-01-31 14:05:09');
    expect(date(now, { timeZone: 'Asia/Tokyo', show: 'time' })).toBe('23:05:09');
    expect(date(Date.UTC(2026, 0, 1), { show: 'both' })).toBe('2026-01-01 00:00:00');
  });

  test('distances are said as Intl says them', () => {
    const units = { second: 1e3, minute: 6e4, hour: 36e5, day: 864e5, week: 6048e5, month: 26298e5 };
    const intl = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
    for (const [unit, ms] of Object.entries(units)) {
      for (const number of [-3, -2, -1, 1, 2, 3]) {
        const expected = intl.format(number, unit as Intl.RelativeTimeFormatUnit);
        expect(relativeTime(number * ms, { now: 0 })).toBe(expected);
      }
    }
  });

  test('the output does not depend on the locale and zone of the machine', () => {
    const script = `import { date, bytes, percent, list } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      console.log(date(0), bytes(1536), percent(0.853), list(['a', 'b']));`;
    const print = (env: object) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
    const german = print({ LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' });
    expect(german).toBe('1970-01-01 00:00:00 1.5 KiB 85.3% a and b\n');
    expect(print({ LANG: 'C', LC_ALL: 'C', TZ: 'UTC' })).toBe(german);
  });
});

describe('parsing', () => {
  test('understands what is printed and what people write [FND-67]', () => {
    expect(parseDuration('2h30m')).toBe(9_000_000);
    expect([parseDuration('250ms'), parseDuration(' 1d 4h '), parseDuration('1.5s')]).toEqual([
      250, 100_800_000, 1500,
    ]);
    expect(['512', '10 MB', '10MiB', '1.5 kib', '0.5 GB'].map(parseBytes)).toEqual([
      512, 1e7, 10_485_760, 1536, 5e8,
    ]);
    expect(['900', '1.2k', '3 M'].map(parseCount)).toEqual([900, 1200, 3e6]);
  });

  test('says where a text is not understood [FND-67]', () => {
    const cases: [(text: string) => number, string, number][] = [
      [parseDuration, '', 0],
      [parseDuration, '5', 1],
      [parseDuration, '2h 30', 5],
      [parseDuration, '30m2h', 4],
      [parseDuration, '2h30m!', 5],
      [parseDuration, '-5s', 0],
      [parseDuration, '5 fortnights', 2],
      [parseBytes, '5M', 1],
      [parseBytes, '5 MB 3', 5],
      [parseBytes, 'ten', 0],
      [parseBytes, 'NaN', 0],
      [parseBytes, 'Infinity', 0],
      [parseCount, '1,000', 1],
      [parseCount, `${'9'.repeat(400)}`, 0],
    ];
    for (const [parse, text, position] of cases)
      expect(
        positionOf(() => parse(text)),
        text,
      ).toBe(position);
  });

  test('undoes the printing up to its rounding [FND-67]', () => {
    const near = (back: number, value: number, share: number) =>
      expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.max(1, value * share));
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (value) => {
        near(parseBytes(bytes(value)), value, 0.06);
        near(parseCount(count(value)), value, 0.06);
        near(parseDuration(duration(value)), value, 0.06);
      }),
    );
  });
});

describe('width', () => {
  test('counts cells and not code units', () => {
    const widths: Record<string, number> = {
      abc: 3,
      äö: 2,
      'a\u0308': 1,
      日本語: 6,
      '😀': 2,
      '👨‍👩‍👧': 2,
      '🇩🇪': 2,
      '❤️': 2,
      ｆｕｌｌ: 8,
      한국어: 6,
      '\x1b[31mred\x1b[0m': 3,
      '': 0,
      '\u200b': 0,
    };
    for (const [text, width] of Object.entries(widths))
      expect(displayWidth(text), JSON.stringify(text)).toBe(width);
  });

  test('truncates by cells, at the end or in the middle, never within a character', () => {
    expect(truncate('abcdef', 4)).toBe('abc…');
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('日本語', 4)).toBe('日…');
    expect(truncate('👨‍👩‍👧👨‍👩‍👧', 3)).toBe('👨‍👩‍👧…');
    expect(truncate('/home/me/src/file.ts', 11, { at: 'middle' })).toBe('/home…le.ts');
    expect(truncate('abc', 0)).toBe('');
    expect(truncate('abcdef', 4, { mark: '...' })).toBe('a...');
    expect(() => truncate('abc', -1)).toThrow(expect.objectContaining({ code: 'invalid_value' }));
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.nat({ max: 20 }),
        fc.constantFrom('end', 'middle'),
        (text, width, at) => {
          expect(displayWidth(truncate(text, width, { at }))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('pads to the width', () => {
    expect([pad('日', 4), pad('7', 3, 'right'), pad('long', 2)]).toEqual(['日  ', '  7', 'long']);
  });
});

describe('table', () => {
  const rows = [
    { name: 'ünïcode 日本', state: 'ok', note: 'first', size: 5 },
    { name: 'a\nb\x1b[2J', state: 'failed', note: 'a very long remark about it', size: 12_345 },
  ];
  const columns = [
    { title: 'NAME', value: (row: (typeof rows)[0]) => row.name },
    {
      title: 'STATE',
      value: (row: (typeof rows)[0]) => row.state,
      drop: 1,
      style: (text: string) => `<${text}>`,
    },
    { title: 'SIZE', value: (row: (typeof rows)[0]) => String(row.size), align: 'right' as const },
    { title: 'NOTE', value: (row: (typeof rows)[0]) => row.note, drop: 2 },
  ];

  test('aligns by display width and shows control characters as pictures', () => {
    expect(table(columns, rows)).toEqual([
      'NAME          STATE    SIZE  NOTE',
      'ünïcode 日本  <ok    >      5  first',
      'a␊b␛[2J       <failed>  12345  a very long remark about it',
    ]);
  });

  test('drops columns, then cuts the widest, and never wraps', () => {
    const plain = columns.map(({ style: _, ...column }) => column);
    expect(table(plain, rows, { width: 30 })).toEqual([
      'NAME          STATE    SIZE',
      'ünïcode 日本  ok          5',
      'a␊b␛[2J       failed  12345',
    ]);
    expect(table(plain, rows, { width: 14 })).toEqual(['NAME      SIZE', 'ünïcod…      5', 'a␊b␛[2J  12345']);
    for (let width = 8; width < 60; width++) {
      for (const line of table(plain, rows, { width })) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  test('an empty table is its titles', () => {
    expect(table(columns, [])).toEqual(['NAME  STATE  SIZE  NOTE']);
  });
});
