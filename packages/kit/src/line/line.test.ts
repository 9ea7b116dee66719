import { describe, expect, test } from 'vitest';
import { createRecentCount, createWaitingLine, type WaitingLine } from './index.ts';

const MINUTE = 60_000;

function lineOf(...items: readonly (readonly [item: string, priority?: number, at?: number])[]) {
  const line = createWaitingLine<string>();
  for (const [item, priority = 0, at = 0] of items) line.join(item, item[0] ?? '', priority, at);
  return line;
}

function serveAll(line: WaitingLine<string>, now = 0): string[] {
  const served: string[] = [];
  for (let one = line.next(now); one !== undefined; one = line.next(now)) served.push(one.item);
  return served;
}

describe('a line', () => {
  test('serves by priority, then group by group in turn, then by age', () => {
    expect(serveAll(lineOf(['a1'], ['a2'], ['a3'], ['b1'], ['b2'], ['c1', 1], ['d1', -1]))).toEqual([
      'c1',
      'a1',
      'b1',
      'a2',
      'b2',
      'a3',
      'd1',
    ]);
  });

  test('[FND-76] for each 15 minutes that somebody has waited he counts for one level more', () => {
    const line = lineOf(['low', -1, 0], ['normal', 0, 14 * MINUTE], ['high', 1, 15 * MINUTE]);
    expect(line.first(15 * MINUTE - 1)?.item).toBe('high');
    expect(line.ordered(15 * MINUTE, 9).map(({ item }) => item)).toEqual(['high', 'low', 'normal']);
    const late = lineOf(['low', -1, 0], ['high', 1, 45 * MINUTE]);
    expect(late.first(45 * MINUTE)?.item).toBe('low');
  });

  test('[FND-76] nobody waits for ever, however much comes that matters more', () => {
    const line = lineOf(['low', -1, 0]);
    let minutes = 0;
    for (let served = ''; served !== 'low'; minutes++) {
      line.join(`high${minutes}`, 'h', 1, minutes * MINUTE);
      served = line.next(minutes * MINUTE)?.item ?? '';
    }
    expect(minutes).toBeLessThanOrEqual(46);
  });

  test('the order that it tells is the order in which it serves', () => {
    const line = lineOf(['a1'], ['a2'], ['b1', 1], ['c1'], ['b2', 1], ['c2'], ['a3', -2]);
    line.next(0);
    const told = line.ordered(0, 100).map(({ item }) => item);
    expect(line.length).toBe(told.length);
    expect(line.ordered(0, 2).map(({ item }) => item)).toEqual(told.slice(0, 2));
    expect(serveAll(line)).toEqual(told);
  });

  test('whoever leaves is not served, and leaves once', () => {
    const line = lineOf(['a1']);
    const waiting = line.join('b1', 'b', 5, 0);
    expect([line.leave(waiting), line.leave(waiting)]).toEqual([true, false]);
    expect(serveAll(line)).toEqual(['a1']);
  });

  test('those of a group can be given another priority, and wait as long as they did', () => {
    const line = lineOf(['a1', 0, 10], ['b1', 0, 20], ['b2', 0, 30]);
    line.move('b', (item) => (item === 'b2' ? 1 : undefined), 40);
    expect([line.length, line.oldest]).toEqual([3, 10]);
    const [first] = line.ordered(40, 1);
    expect(first).toMatchObject({ item: 'b2', priority: 1, since: 30 });
    expect(serveAll(line, 40)).toEqual(['b2', 'a1', 'b1']);
    expect(line.oldest).toBeUndefined();
  });
});

test('of what happened the last minute is counted, and all', () => {
  const count = createRecentCount();
  for (const second of [0, 0, 30, 59, 61]) count.add(second * 1_000);
  expect([count.total, count.lastMinute(61_000)]).toEqual([5, 3]);
  expect(count.lastMinute(1_000_000)).toBe(0);
});
