import { expect, test } from 'vitest';
import type { KeptResult } from './result-cache.ts';
import type { Store } from './store.ts';

const LARGE = 1024 ** 3;

export function resultCacheContract(store: () => Store): void {
  const kept = (key: string, changes: Partial<KeptResult> = {}): KeptResult => ({
    key,
    action: 'code/lint',
    run: 'run_1',
    step: 'lint',
    tags: ['worker:code', 'step:lint'],
    createdAt: 10,
    expiresAt: 100,
    output: { summary: 'good', list: [1, null, 'ü\u0000'] },
    permissions: ['fs:read:.'],
    artifacts: { '/a': '1' },
    ...changes,
  });

  test('a result is there as it was kept until its time is over [WRK-126]', async () => {
    const { results } = store();
    await results.put(kept('a'), LARGE);
    expect(await results.find('a', 99)).toEqual(kept('a'));
    expect(await results.find('a', 100)).toBeUndefined();
    expect(await results.find('b', 99)).toBeUndefined();
    expect(await results.list(100)).toEqual([]);
  });

  test('a later result takes the place of an earlier one under the same key, tags included', async () => {
    const { results } = store();
    await results.put(kept('a', { tags: ['old'] }), LARGE);
    await results.put(kept('a', { output: 2, tags: ['new'] }), LARGE);
    expect((await results.find('a', 50))?.output).toBe(2);
    expect(await results.clear('old')).toBe(0);
    expect(await results.clear('new')).toBe(1);
  });

  test('when there is no room the least recently used goes first [WRK-126]', async () => {
    const { results } = store();
    const minute = 60_000;
    const large = (key: string, createdAt: number) =>
      kept(key, { createdAt, expiresAt: 100 * minute, output: 'x'.repeat(10_000) });
    await results.put(large('a', minute), 25_000);
    await results.put(large('b', 2 * minute), 25_000);
    await results.use('a', 3 * minute);
    await results.put(large('c', 4 * minute), 25_000);
    expect((await results.list(50)).map(({ key }) => key)).toEqual(['c', 'a']);
    expect((await results.list(50)).every(({ bytes }) => bytes > 10_000)).toBe(true);
  });

  test('what is larger than all the room is not kept and drives nothing out', async () => {
    const { results } = store();
    await results.put(kept('a'), 5_000);
    await results.put(kept('b', { output: 'x'.repeat(10_000) }), 5_000);
    expect((await results.list(50)).map(({ key }) => key)).toEqual(['a']);
  });

  test('what is over makes room before anything in force does', async () => {
    const { results } = store();
    const large = (key: string, times: Partial<KeptResult>) =>
      kept(key, { output: 'x'.repeat(10_000), ...times });
    await results.put(large('old', { createdAt: 10, expiresAt: 20 }), 25_000);
    await results.put(large('used', { createdAt: 9 }), 25_000);
    await results.put(large('new', { createdAt: 30 }), 25_000);
    expect((await results.list(30)).map(({ key }) => key)).toEqual(['new', 'used']);
  });

  test('results are thrown away by tag, or all of them [WRK-126]', async () => {
    const { results } = store();
    await results.put(kept('a', { tags: ['x', 'y'] }), LARGE);
    await results.put(kept('b', { tags: ['y'] }), LARGE);
    await results.put(kept('c', { tags: [] }), LARGE);
    expect(await results.clear('x')).toBe(1);
    expect((await results.list(50)).map(({ key }) => key).sort()).toEqual(['b', 'c']);
    expect(await results.clear()).toBe(2);
    expect(await results.list(50)).toEqual([]);
  });

  test('the index of files keeps what is noted and forgets what is told', async () => {
    const { files } = store();
    expect([...(await files.read('here'))]).toEqual([]);
    await files.note(
      'here',
      new Map([
        ['a', { stamp: '1', digest: 'x' }],
        ['b"\n', { stamp: '2', digest: 'y' }],
      ]),
      [],
    );
    await files.note('here', new Map([['a', { stamp: '3', digest: 'z' }]]), ['b"\n', 'never there']);
    await files.note('there', new Map([['a', { stamp: '4', digest: 'w' }]]), []);
    expect([...(await files.read('here'))]).toEqual([['a', { stamp: '3', digest: 'z' }]]);
  });
}
