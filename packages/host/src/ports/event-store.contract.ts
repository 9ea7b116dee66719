import type { RunEvent } from '@cadre/core';
import { expect, test } from 'vitest';
import { created, started, succeeded } from '../testing/sample-events.ts';
import type { Store } from './store.ts';

const waiting = (step: string, topic: string): RunEvent => ({
  at: 3,
  type: 'step.waiting',
  step,
  wait: { topic },
});

export function eventContract(store: () => Store): void {
  const event = (id: string) => ({
    id,
    at: 1,
    topic: 'card.moved',
    by: 'user:ada',
    data: { n: [1, 'Ω \u0000'] },
  });

  test('an event is kept once until it is dealt with, and given again when nobody has', async () => {
    const { events } = store();
    for (const id of ['e1', 'e2', 'e1']) await events.emit(event(id));
    const both = await Promise.all([events.take(10, 100, 10), events.take(10, 100, 10)]);
    expect(both.flat()).toEqual([event('e1'), event('e2')]);
    await events.settle('e1');
    expect(await events.take(109, 100, 10)).toEqual([]);
    expect(await events.take(110, 100, 10)).toEqual([event('e2')]);
    // It is known for a while.
    await events.emit(event('e1'));
    expect(await events.take(120, 100, 10)).toEqual([]);
    await events.forget(2);
    await events.emit(event('e1'));
    expect(await events.take(121, 100, 10)).toEqual([event('e1')]);
  });

  test('runs that wait for an event are found by its topic, from the first append on and until they no longer do', async () => {
    const { events, runs } = store();
    await runs.create('run_1', [created(1), started(2), waiting('a', 'card.*.moved')]);
    await runs.create('run_2', [created(1), started(2)]);
    await runs.append('run_2', 2, [waiting('a', 'card.7'), waiting('b', '**')]);
    await runs.create('run_3', [created(1), started(2), waiting('a', 'build.done')]);
    const found = async (topic: string) =>
      (await events.listWaits(topic)).map((one) => `${one.run} ${one.topic}`);
    expect(await found('card.7')).toEqual(['run_1 card.*.moved', 'run_2 **', 'run_2 card.7']);
    expect(await found('build.done')).toEqual(['run_2 **', 'run_3 build.done']);
    await runs.append('run_2', 4, [{ at: 5, type: 'step.woken', step: 'b', by: 'user:ada', signal: 3 }]);
    await runs.append('run_1', 3, [{ at: 5, type: 'step.cancelled', step: 'a' }]);
    expect(await found('card.7')).toEqual(['run_2 card.7']);
    await runs.append('run_2', 5, [succeeded(6)]);
    expect(await found('card.7')).toEqual([]);
    await store().firings.prune(0, 1);
    expect(await found('build.done')).toEqual(['run_3 build.done']);
  });

  test('runs that ended since are listed in that order, without plans', async () => {
    const { events, runs } = store();
    const end = (id: string, at: number, mode: 'apply' | 'plan' = 'apply') =>
      runs.create(id, [created(1, { mode }), started(2), succeeded(at)]);
    await end('run_1', 30);
    await end('run_2', 20);
    await end('run_3', 25, 'plan');
    await runs.create('run_4', [created(1), started(2)]);
    expect(await events.listEnded(0, 10)).toEqual([
      { id: 'run_2', workflow: 'hygiene', status: 'succeeded', principal: 'user:ada', endedAt: 20 },
      { id: 'run_1', workflow: 'hygiene', status: 'succeeded', principal: 'user:ada', endedAt: 30 },
    ]);
    expect(await events.listEnded(20, 10)).toMatchObject([{ id: 'run_1' }]);
    expect(await events.listEnded(0, 1)).toMatchObject([{ id: 'run_2' }]);
  });
}
