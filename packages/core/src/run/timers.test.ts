import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addTimer, type Timers, withoutFirst } from './timers.ts';

function drain(timers: Timers | undefined): [number, string][] {
  const taken: [number, string][] = [];
  for (let rest = timers; rest !== undefined; rest = withoutFirst(rest)) taken.push([rest.at, rest.path]);
  return taken;
}

const entries = fc.array(fc.tuple(fc.nat({ max: 50 }), fc.string({ maxLength: 2 })));

test('times come out earliest first, and by path where they are the same', () => {
  fc.assert(
    fc.property(entries, (given) => {
      const timers = given.reduce<Timers | undefined>(
        (heap, [at, path]) => addTimer(heap, at, path),
        undefined,
      );
      const sorted = [...given].sort(([one, a], [other, b]) => one - other || (a < b ? -1 : a > b ? 1 : 0));
      expect(drain(timers)).toEqual(sorted);
    }),
  );
});

test('adding and taking leave what was there before as it was', () => {
  const before = addTimer(addTimer(undefined, 2, 'b'), 1, 'a');
  addTimer(before, 0, 'c');
  withoutFirst(before);
  expect(drain(before)).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('a hundred thousand times in any order need no deep recursion', () => {
  const count = 100_000;
  let timers: Timers | undefined;
  for (let at = count; at > 0; at -= 1) timers = addTimer(timers, at, 'x');
  for (let at = 0; at < count; at += 1) timers = addTimer(timers, at, 'y');
  expect(drain(timers)).toHaveLength(2 * count);
});
