import { expect, test } from 'vitest';
import { created, started, succeeded } from '../testing/sample-events.ts';
import type { NewFiring } from './firing-store.ts';
import type { Store } from './store.ts';

const LEVEL_MS = 900_000;

const firing = (key: string, changes: Partial<NewFiring> = {}): NewFiring => ({
  trigger: 'nightly',
  key,
  due: 1_000,
  claimedAt: 1_000,
  priority: 2,
  notBefore: 1_000,
  event: { kind: 'schedule', text: 'Ω \u0000 "' },
  ...changes,
});

const how = { attempt: 1, run: 'run_1', now: 2_000, overlap: 'allow', atOnce: 10 } as const;

export function firingContract(store: () => Store): void {
  const add = async (key: string, changes: Partial<NewFiring> = {}) =>
    (await store().firings.add(firing(key, changes))).firing.id;
  const ready = async (now: number, limit = 10) =>
    (await store().firings.listReady(now, LEVEL_MS, limit)).map(({ key }) => key);

  test('[FND-80] a due time is claimed once, whoever sees it at the same moment', async () => {
    const { firings } = store();
    expect(await firings.putRule('nightly', 'r1', { now: 0, due: 1_000 })).toMatchObject({
      due: 1_000,
      since: 0,
    });
    const claim = {
      trigger: 'nightly',
      rule: 'r1',
      expected: 1_000,
      next: 5_000,
      now: 1_001,
      firings: [firing('due:1000')],
    };
    const claims = await Promise.all(Array.from({ length: 10 }, () => firings.claim(claim)));
    expect(claims.filter((won) => won)).toHaveLength(1);
    expect(await firings.list({})).toMatchObject([{ key: 'due:1000', status: 'waiting', attempt: 1 }]);
    expect(await firings.findState('nightly')).toMatchObject({ due: 5_000, movedAt: 1_001 });
    // Also when the clock was set back and it is claimed again.
    await firings.putRule('nightly', 'r2', { now: 500, due: 1_000 });
    expect(await firings.claim({ ...claim, rule: 'r2' })).toBe(true);
    expect(await firings.list({})).toHaveLength(1);
  });

  test('[FND-79] another rule moves what is due next at once, and the same one does not', async () => {
    const { firings } = store();
    await firings.putRule('nightly', 'r1', { now: 0, due: 1_000 });
    expect(await firings.putRule('nightly', 'r1', { now: 9, due: 7 })).toMatchObject({
      due: 1_000,
      since: 0,
    });
    expect(await firings.putRule('nightly', 'r2', { now: 9, due: undefined, note: 'over' })).toEqual({
      trigger: 'nightly',
      rule: 'r2',
      since: 9,
      movedAt: 9,
      paused: false,
      note: 'over',
    });
  });

  test('what is paused is neither claimed nor begun', async () => {
    const { firings } = store();
    await firings.putRule('nightly', 'r1', { now: 0, due: 1_000 });
    const id = await add('a');
    await firings.setPaused('nightly', true, 5);
    expect(await firings.findState('nightly')).toMatchObject({ paused: true, due: 1_000, rule: 'r1' });
    expect(
      await firings.claim({
        trigger: 'nightly',
        rule: 'r1',
        expected: 1_000,
        next: 2_000,
        now: 6,
        firings: [],
      }),
    ).toBe(false);
    expect(await ready(2_000)).toEqual([]);
    expect(await firings.begin(id, how)).toEqual({ ok: false, reason: 'gone' });
    await firings.setPaused('nightly', false, 7, 9_000);
    expect(await firings.listStates()).toMatchObject([{ paused: false, due: 9_000 }]);
    expect(await ready(2_000)).toEqual(['a']);
    // One that was never heard of can be paused too.
    await firings.setPaused('other', true, 8);
    expect(await firings.findState('other')).toMatchObject({ paused: true });
  });

  test('a delivery is kept once, and coming again it is told what became of the first', async () => {
    const { firings } = store();
    const both = await Promise.all([firings.add(firing('d:1')), firings.add(firing('d:1'))]);
    expect(both.map(({ added }) => added).sort()).toEqual([false, true]);
    expect(new Set(both.map((one) => one.firing.id)).size).toBe(1);
    expect((await firings.add(firing('d:1', { trigger: 'other' }))).added).toBe(true);
    expect(await firings.find(both[0]?.firing.id ?? 0)).toMatchObject({ event: firing('').event });
    expect(await firings.find(999)).toBeUndefined();
  });

  test('[FND-76] the most important goes first, and waiting makes everything more important', async () => {
    await add('old low', { priority: 1, claimedAt: 0 });
    await add('high', { priority: 3, claimedAt: 2 * LEVEL_MS });
    await add('normal', { priority: 2, claimedAt: 2 * LEVEL_MS });
    await add('later', { notBefore: 10 * LEVEL_MS });
    expect(await ready(2 * LEVEL_MS)).toEqual(['old low', 'high', 'normal']);
    expect(await ready(2 * LEVEL_MS - 1)).toEqual(['high', 'old low', 'normal']);
    expect(await ready(2 * LEVEL_MS, 1)).toEqual(['old low']);
    expect(await store().firings.nextReady(2 * LEVEL_MS)).toBe(10 * LEVEL_MS);
    expect(await store().firings.nextReady(10 * LEVEL_MS)).toBeUndefined();
  });

  test('a firing is begun once, and by one', async () => {
    const id = await add('a');
    const begun = await Promise.all([1, 2, 3].map(() => store().firings.begin(id, how)));
    expect(begun.filter(({ ok }) => ok)).toEqual([{ ok: true, cancel: [] }]);
    expect(begun.filter(({ ok }) => !ok)[0]).toEqual({ ok: false, reason: 'gone' });
    expect(await store().firings.find(id)).toMatchObject({
      status: 'running',
      run: 'run_1',
      startedAt: 2_000,
    });
  });

  test('of slots there are no more than so many, and a run that waits for a person takes none', async () => {
    const { firings, runs } = store();
    const ids = [await add('a'), await add('b'), await add('c')];
    const two = { ...how, atOnce: 2 };
    const begun = await Promise.all(
      ids.map((id, index) => firings.begin(id, { ...two, run: `run_${index}` })),
    );
    expect(begun.map((one) => (one.ok ? 'begun' : one.reason)).sort()).toEqual(['begun', 'begun', 'full']);
    const last = ids[begun.findIndex(({ ok }) => !ok)] ?? 0;
    const first = `run_${begun.findIndex(({ ok }) => ok)}`;
    await runs.create(first, [
      created(1),
      started(2),
      { at: 3, type: 'step.waiting', step: 'ask', question: { kind: 'approval', prompt: '?' } },
    ]);
    expect(await firings.countRunning()).toBe(1);
    expect(await firings.begin(last, { ...two, run: 'run_9' })).toEqual({ ok: true, cancel: [] });
    expect(await firings.countRunning()).toBe(2);
    await add('later');
    await add('still later');
    expect([await firings.countWaiting(1), await firings.countWaiting(100)]).toEqual([1, 2]);
  });

  test('[FND-79] what overlaps is skipped, stands in line, or has the running one cancelled', async () => {
    const { firings, runs } = store();
    const [first, skipped, queued, cancelling] = [
      await add('1'),
      await add('2'),
      await add('3'),
      await add('4'),
    ];
    await firings.begin(first, { ...how, overlap: 'skip' });
    expect(await firings.begin(skipped, { ...how, run: 'run_2', overlap: 'skip' })).toEqual({
      ok: false,
      reason: 'busy',
    });
    expect(await firings.find(skipped)).toMatchObject({ status: 'skipped', failure: { code: 'overlap' } });
    expect(await firings.begin(queued, { ...how, run: 'run_3', overlap: 'queue' })).toEqual({
      ok: false,
      reason: 'busy',
    });
    expect(await firings.find(queued)).toMatchObject({ status: 'waiting' });
    expect(await firings.begin(cancelling, { ...how, run: 'run_4', overlap: 'cancel-running' })).toEqual({
      ok: true,
      cancel: ['run_1'],
    });
    // Runs of others are in nobody's way, nor is one that is over before anybody noted it.
    const other = await add('1', { trigger: 'other' });
    expect(await firings.begin(other, { ...how, run: 'run_5', overlap: 'skip' })).toMatchObject({ ok: true });
    for (const run of ['run_1', 'run_4']) await runs.create(run, [created(1), started(2), succeeded(3)]);
    expect(await firings.begin(queued, { ...how, run: 'run_3', overlap: 'queue' })).toMatchObject({
      ok: true,
    });
  });

  test('a run that is over is found by its firing, and one that never came to be too', async () => {
    const { firings, runs } = store();
    const [over, lost] = [await add('1'), await add('2')];
    await firings.begin(over, how);
    await firings.begin(lost, { ...how, run: 'run_2' });
    await runs.create('run_1', [created(1), started(2)]);
    expect(await firings.listOver(10)).toEqual([]);
    await runs.append('run_1', 2, [
      { at: 3, type: 'run.failed', failure: { code: 'broken', message: 'x', retryable: false } },
    ]);
    expect(await firings.listOver(10)).toMatchObject([
      { firing: { id: over, status: 'running' }, run: 'failed', failureCode: 'broken' },
    ]);
    expect(await firings.listUnstarted(2_001, 10)).toMatchObject([{ id: lost, event: firing('').event }]);
    expect(await firings.listUnstarted(2_000, 10)).toEqual([]);
  });

  test('[FND-78] a try that failed is made again later, and after the last the firing is dead until it is replayed', async () => {
    const { firings } = store();
    const id = await add('1');
    const failure = { code: 'broken', message: 'it broke' };
    await firings.begin(id, how);
    expect(await firings.end(id, 1, 3_000, { status: 'waiting', notBefore: 4_000, failure })).toBe(true);
    expect(await firings.end(id, 1, 3_000, { status: 'dead', failure })).toBe(false);
    expect(await ready(3_999)).toEqual([]);
    expect(await firings.begin(id, { ...how, attempt: 2, run: 'run_2', now: 4_000 })).toMatchObject({
      ok: true,
    });
    await firings.end(id, 2, 5_000, { status: 'dead', failure });
    expect(await firings.list({ status: ['dead'] })).toMatchObject([
      { id, attempt: 2, run: 'run_2', endedAt: 5_000, failure },
    ]);
    const again = await Promise.all([firings.replay(id, 6_000), firings.replay(id, 6_000)]);
    expect(again.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await firings.find(id)).toMatchObject({ status: 'replayed' });
    const [newest] = await firings.list({ limit: 1 });
    expect(newest).toMatchObject({ key: `replay:${id}`, status: 'waiting', attempt: 1, due: 1_000 });
    expect(await firings.find(newest?.id ?? 0)).toMatchObject({ event: firing('').event });
  });

  test('[FND-77] history is newest first and can be asked by trigger, status and time', async () => {
    const { firings } = store();
    for (const due of [1, 2, 3, 4]) await add(`d:${due}`, { due, trigger: due === 4 ? 'other' : 'nightly' });
    const dues = async (filter: Parameters<typeof firings.list>[0]) =>
      (await firings.list(filter)).map((one) => one.due);
    expect(await dues({})).toEqual([4, 3, 2, 1]);
    expect(await dues({ trigger: 'nightly' })).toEqual([3, 2, 1]);
    expect(await dues({ from: 2, to: 4 })).toEqual([3, 2]);
    expect(await dues({ status: ['dead', 'skipped'] })).toEqual([]);
    const [, second] = await firings.list({ limit: 2 });
    expect(await dues({ before: second?.id ?? 0 })).toEqual([2, 1]);
    expect(await firings.countSince('nightly', 999)).toBe(3);
    expect(await firings.countSince('nightly', 1_000)).toBe(0);
  });

  test('[FND-77] what is over is forgotten by age and number, and what is not is kept', async () => {
    const { firings } = store();
    const ids: number[] = [];
    for (let index = 0; index < 8; index++) ids.push(await add(`k:${index}`, { claimedAt: index }));
    const [old, dead, ...rest] = ids as [number, number, ...number[]];
    for (const id of [old, ...rest.slice(0, 3)]) await firings.end(id, 1, 10, { status: 'cancelled' });
    await firings.end(dead, 1, 10, { status: 'dead' });
    expect(await firings.prune(1, 1_000)).toBe(1);
    expect(await firings.prune(1, 4)).toBe(2);
    expect((await firings.list({})).map(({ key, status }) => `${key} ${status}`)).toEqual([
      'k:7 waiting',
      'k:6 waiting',
      'k:5 waiting',
      'k:4 cancelled',
      'k:1 dead',
    ]);
    expect(await firings.prune(5, 1_000)).toBe(2);
  });
}
