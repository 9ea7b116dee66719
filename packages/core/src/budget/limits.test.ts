import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountText } from './amount-text.ts';
import { largestShare, narrow, nearlyUsed, overAmount, overrunOf, partOf, restOf } from './limits.ts';
import { parseMoney } from './money.ts';
import { addUsage, growth, latestUsage, type Usage } from './usage.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });

test('[WRK-37] money adds up exactly, to the millionth of a millionth', () => {
  const tenth: Usage = { money: { USD: '0.1' } };
  const sum = Array.from({ length: 10 }, () => tenth).reduce<Usage>((all, each) => addUsage(all, each), {});
  expect(sum).toEqual({ money: { USD: '1' } });
  expect(addUsage(sum, { money: { USD: '0.000000000001' } })).toEqual({ money: { USD: '1.000000000001' } });
  expect(overrunOf({ money: usd('1') }, sum)).toBeUndefined();
  expect(overAmount({ money: usd('1') }, addUsage(sum, { money: { USD: '0.000000000001' } }), 'money')).toBe(
    '0.000000000001 USD',
  );
});

test('an amount of money is read as it is written, and nothing else is one', () => {
  expect(parseMoney('2 USD')).toEqual(usd('2'));
  expect(parseMoney('0.50 EUR')).toEqual({ amount: '0.5', currency: 'EUR' });
  expect(parseMoney('999999999999.999999999999 USD')).toEqual(usd('999999999999.999999999999'));
  for (const text of ['2', 'USD', '2USD', '-1 USD', '1e3 USD', '.5 USD', '2 usd', '1.0000000000001 USD']) {
    expect(parseMoney(text)).toBeUndefined();
  }
});

test('a limit in one currency lets nothing be spent in another', () => {
  const budget = { money: usd('2') };
  expect(overrunOf(budget, { money: { EUR: '0.01' } })).toEqual({
    limit: 'money',
    planned: '2 USD',
    used: '0.01 EUR',
  });
  expect(narrow(budget, { money: { amount: '1', currency: 'EUR' } })).toEqual({ money: usd('0') });
});

test('what is left is never less than nothing, and memory is not used up', () => {
  const budget = { cpuMs: 100, memoryBytes: 500, tokens: 10, money: usd('1'), actions: 3 };
  const used: Usage = { cpuMs: 40, memoryBytes: 400, tokens: 12, money: { USD: '0.25' }, actions: 1 };
  expect(restOf(budget, used, [{ cpuMs: 50, actions: 1, money: usd('0.5') }])).toEqual({
    cpuMs: 10,
    memoryBytes: 500,
    tokens: 0,
    money: usd('0.25'),
    actions: 1,
  });
});

test('a part is never nothing as long as there is something', () => {
  expect(partOf({ tokens: 3, actions: 0, memoryBytes: 7 }, 8)).toEqual({
    tokens: 1,
    actions: 0,
    memoryBytes: 7,
  });
});

test('use is near its limit from four fifths on', () => {
  const budget = { tokens: 10, cpuMs: 1_000 };
  expect(nearlyUsed(budget, { tokens: 7, cpuMs: 799 })).toEqual([]);
  expect(nearlyUsed(budget, { tokens: 8, cpuMs: 799 })).toEqual([{ limit: 'tokens', planned: 10, used: 8 }]);
  expect(largestShare(budget, { tokens: 8, cpuMs: 900 })).toBe(0.9);
  expect(largestShare({ tokens: 0 }, { tokens: 1 })).toBe(Number.POSITIVE_INFINITY);
});

const usage = fc.record(
  {
    cpuMs: fc.nat(),
    memoryBytes: fc.integer({ min: 1 }),
    tokens: fc.nat(),
    money: fc.dictionary(
      fc.constantFrom('EUR', 'USD'),
      fc.nat().map((units) => `${Math.floor(units / 1_000)}.${String(units % 1_000).padStart(3, '0')}`),
      { minKeys: 1 },
    ),
    actions: fc.nat(),
  },
  { requiredKeys: [] },
);

test('what came on top, added to what was told before, is what is told now', () => {
  fc.assert(
    fc.property(usage, usage, (one, two) => {
      const before = latestUsage(undefined, one);
      const after = latestUsage(before, two);
      const same = (given: Usage) => addUsage({ money: { EUR: '0', USD: '0' } }, given);
      expect(same(addUsage(before, growth(before, after)))).toEqual(same(after));
    }),
  );
});

test('amounts read as people write them', () => {
  expect(amountText('cpu', 90_500)).toBe('1m30s500ms of processor time');
  expect(amountText('memory', 512 * 1024 ** 2)).toBe('512 MiB');
  expect(amountText('tokens', 1_234_567)).toBe('1,234,567 tokens');
  expect(amountText('actions', 1)).toBe('1 action');
  expect(amountText('money', '2 USD')).toBe('2 USD');
  expect(amountText('wall', 300)).toBe('300ms');
});
