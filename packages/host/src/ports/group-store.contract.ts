import { expect, test } from 'vitest';
import { cancelled, created, started } from '../testing/sample-events.ts';
import type { Store } from './store.ts';

const LATER = { graceMs: 1_000, unlessBusy: false };

export function groupContract(store: () => Store): void {
  const create = (id: string) => store().runs.create(id, [created(1)]);
  const end = (id: string) => store().runs.append(id, 1, [started(2), cancelled(3)]);

  test('runs of a group stand in a line, and only the first may go on', async () => {
    const { groups } = store();
    for (const id of ['run_1', 'run_2', 'run_3']) await create(id);
    expect(await groups.enter('g', 'run_1', { now: 0, ...LATER })).toEqual([]);
    expect(await groups.enter('g', 'run_2', { now: 0, ...LATER })).toEqual(['run_1']);
    expect(await groups.enter('g', 'run_3', { now: 0, ...LATER })).toEqual(['run_1', 'run_2']);
    expect(await groups.enter('other', 'run_9', { now: 0, ...LATER })).toEqual([]);
    expect(await groups.isFirst('g', 'run_1', 5_000)).toBe(true);
    expect(await groups.isFirst('g', 'run_2', 5_000)).toBe(false);
    expect(await groups.leave('g', 'run_1', 5_000)).toBe('run_2');
    expect(await groups.isFirst('g', 'run_2', 5_000)).toBe(true);
  });

  test('who stands there already keeps the place', async () => {
    const { groups } = store();
    await create('run_1');
    await groups.enter('g', 'run_1', { now: 0, ...LATER });
    await groups.enter('g', 'run_2', { now: 0, ...LATER });
    expect(await groups.enter('g', 'run_1', { now: 0, ...LATER })).toEqual([]);
  });

  test('a run that is over, or that never came to be, is in nobody’s way', async () => {
    const { groups } = store();
    await create('run_1');
    await create('run_3');
    await groups.enter('g', 'run_1', { now: 0, ...LATER });
    await groups.enter('g', 'run_2', { now: 0, ...LATER });
    await groups.enter('g', 'run_3', { now: 0, ...LATER });
    await end('run_1');
    expect(await groups.isFirst('g', 'run_3', 999)).toBe(false);
    expect(await groups.isFirst('g', 'run_3', 1_000)).toBe(true);
  });

  test('whoever would not wait is not put into the line', async () => {
    const { groups } = store();
    await create('run_1');
    await groups.enter('g', 'run_1', { now: 0, ...LATER });
    const options = { now: 0, graceMs: 1_000, unlessBusy: true };
    expect(await groups.enter('g', 'run_2', options)).toEqual(['run_1']);
    expect(await groups.leave('g', 'run_1', 0)).toBeUndefined();
    expect(await groups.enter('g', 'run_2', options)).toEqual([]);
  });

  test('of many that enter at once each sees a different line', async () => {
    const { groups } = store();
    const ids = Array.from({ length: 20 }, (_, index) => `run_${index}`);
    for (const id of ids) await create(id);
    const lines = await Promise.all(ids.map((id) => groups.enter('g', id, { now: 0, ...LATER })));
    expect(lines.map((line) => line.length).sort((a, b) => a - b)).toEqual(ids.map((_, index) => index));
  });
}
