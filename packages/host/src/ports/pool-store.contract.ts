import { expect, test } from 'vitest';
import type { ProcessFigures } from './figures.ts';
import type { Store } from './store.ts';

export function poolContract(store: () => Store): void {
  test('a worker is in quarantine until it is cleared, for the first reason [WRK-12]', async () => {
    const { quarantines } = store().pools;
    await quarantines.put({ worker: 'code', since: 1, reason: 'it died' });
    await quarantines.put({ worker: 'code', since: 2, reason: 'again' });
    await quarantines.put({ worker: 'audit', since: 3, reason: 'it too' });
    expect(await quarantines.find('code')).toEqual({ worker: 'code', since: 1, reason: 'it died' });
    expect((await quarantines.list()).map(({ worker }) => worker)).toEqual(['audit', 'code']);
    expect([await quarantines.clear('code'), await quarantines.clear('code')]).toEqual([true, false]);
    expect(await quarantines.find('code')).toBeUndefined();
  });

  test('of each process what it said last is kept, until it is removed [WRK-125]', async () => {
    const { figures } = store().pools;
    const told = (process: string, at: number): ProcessFigures => {
      return { process, host: 'here', pid: 1, at, classes: [], pools: [] };
    };
    for (const [process, at] of [
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      await figures.put(told(process, at));
    expect(await figures.list()).toEqual([told('a', 2), told('b', 3)]);
    await figures.remove(['a', 'gone']);
    expect(await figures.list()).toEqual([told('b', 3)]);
  });

  test('of each worker the last call is kept that it is to be warm for [WRK-125]', async () => {
    const { warmCalls } = store().pools;
    expect(await warmCalls.find('code')).toBeUndefined();
    await warmCalls.put('code', { uses: 'code/format' });
    await warmCalls.put('code', { uses: 'code/lint' });
    expect(await warmCalls.find('code')).toEqual({ uses: 'code/lint' });
  });
}
