import { createHash } from 'node:crypto';
import { EVENT_VERSION } from '@cadre/core';
import { expect, test } from 'vitest';
import { begun, created, done, SAMPLE_DEFINITION, started, succeeded } from '../testing/sample-events.ts';
import type { Store } from './store.ts';

const BY = { principal: 'user:ada', at: 9, reason: 'because' };

async function over(store: Store, id: string, at: number, trigger = {}, mode: 'apply' | 'plan' = 'apply') {
  await store.runs.create(id, [created(at, { trigger: { kind: 'manual', ...trigger }, mode }), started(at)]);
  await store.logs.append(id, [{ at, step: 'a', attempt: 1, level: 'info', message: id }]);
  await store.runs.putEffects(id, 'a', [{ at }]);
  await store.runs.putDocument(id, 'plan', { at });
  await store.runs.append(id, 2, [begun(at, 'a'), done(at, 'a'), succeeded(at)]);
}

export function upkeepContract(open: () => Store): void {
  const ids = async (kept: 'runs' | 'plans' | 'logs' = 'runs') =>
    (await open().upkeep.listRemovable(kept, undefined, 100)).map(({ run }) => run);

  test('counters say what counting would [WRK-52]', async () => {
    const store = open();
    await over(store, 'run_1', 1);
    await over(store, 'run_2', 2, {}, 'plan');
    await store.runs.create('run_3', [created(3), started(3)]);
    const one = { workflow: 'hygiene', mode: 'apply', runs: 1 };
    expect(await store.upkeep.counts()).toEqual([
      { ...one, status: 'running' },
      { ...one, status: 'succeeded' },
      { ...one, mode: 'plan', status: 'succeeded' },
    ]);
    const sizes = await store.upkeep.sizes();
    expect(sizes.map(({ class: kept, runs, rows }) => [kept, runs, rows])).toEqual([
      ['logs', 2, 2],
      ['plans', 1, 7],
      ['runs', 1, 7],
    ]);
    for (const { bytes } of sizes) expect(bytes).toBeGreaterThan(40);
    await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 9), 10);
    expect(await store.upkeep.counts()).toHaveLength(2);
    expect((await store.upkeep.sizes()).map(({ runs }) => runs)).toEqual([1, 1, 0]);
  });

  test('a run that is removed is gone as a whole, and leaves a tombstone with its digest [WRK-50]', async () => {
    const store = open();
    await over(store, 'run_1', 1);
    await over(store, 'run_2', 2);
    const text = (await store.runs.readEvents('run_1', 0))
      .map(({ number, ...event }) => `${number} ${EVENT_VERSION.plain} ${JSON.stringify(event)}\n`)
      .join('');
    const [first] = await store.upkeep.listRemovable('runs', undefined, 1);
    expect(first).toMatchObject({ run: 'run_1', endedAt: 1 });
    const removed = await store.upkeep.remove('runs', first === undefined ? [] : [first], 10);
    expect(removed.map(({ run }) => run)).toEqual(['run_1']);
    expect(await store.runs.find('run_1')).toBeUndefined();
    expect(await store.runs.readEvents('run_1', 0)).toEqual([]);
    expect(await store.logs.read('run_1', 0)).toEqual([]);
    expect(await store.upkeep.findTombstone('run_1')).toMatchObject({
      status: 'succeeded',
      number: 5,
      removedAt: 10,
      digest: createHash('sha256').update(text).digest('hex'),
    });
    expect(await store.runs.readEvents('run_2', 0)).toHaveLength(5);
    expect(await store.upkeep.remove('runs', removed, 11)).toEqual([]);
  });

  test('the logs of a run may go before it [WRK-50]', async () => {
    const store = open();
    await over(store, 'run_1', 1);
    expect(
      await store.upkeep.remove('logs', await store.upkeep.listRemovable('logs', undefined, 9), 10),
    ).toHaveLength(1);
    expect(await store.logs.read('run_1', 0)).toEqual([]);
    expect(await store.runs.readEvents('run_1', 0)).toHaveLength(5);
    expect(await ids('logs')).toEqual([]);
    expect(await ids()).toEqual(['run_1']);
  });

  test('what is not over, pinned, held, or referred to by a run that is not over is never removed [WRK-50]', async () => {
    const store = open();
    await over(store, 'run_1', 1);
    await store.runs.create('run_open', [created(2), started(2)]);
    await over(store, 'run_open.1', 3, { kind: 'workflow', run: 'run_open' });
    await over(store, 'run_4', 4);
    await store.runs.create('run_again', [
      created(5, { trigger: { kind: 'rerun', run: 'run_4' } }),
      started(5),
    ]);
    await over(store, 'run_6', 6);
    await over(store, 'run_6.1', 6, { kind: 'workflow', run: 'run_6' });
    expect(await ids()).toEqual(['run_1', 'run_6', 'run_6.1']);

    expect(await store.upkeep.pin('run_6', BY)).toBe(true);
    expect(await store.upkeep.pin('run_none', BY)).toBe(false);
    expect(await ids()).toEqual(['run_1']);
    expect(await ids('logs')).toEqual(['run_1']);
    expect(await store.upkeep.listPins()).toEqual([{ run: 'run_6', ...BY }]);
    expect(await store.upkeep.unpin('run_6')).toBe(true);

    await store.upkeep.hold('case 7', { ...BY, workflow: 'other' });
    expect(await ids()).toHaveLength(3);
    await store.upkeep.hold('case 7', { ...BY, workflow: 'hygiene' });
    expect(await ids()).toEqual([]);
    await store.upkeep.hold('case 7', { ...BY, workflow: '*' });
    expect(await ids()).toEqual([]);
    expect(await store.upkeep.listHolds()).toEqual([{ name: 'case 7', ...BY, workflow: '*' }]);
    expect(await store.upkeep.release('case 7')).toBe(true);
    expect(await store.upkeep.release('case 7')).toBe(false);
    expect(await ids()).toHaveLength(3);
  });

  test('the database itself refuses to remove what was pinned in the meantime', async () => {
    const store = open();
    for (const id of ['run_1', 'run_2', 'run_3']) await over(store, id, 1);
    const due = await store.upkeep.listRemovable('runs', undefined, 9);
    await store.upkeep.pin('run_2', BY);
    expect((await store.upkeep.remove('runs', due, 10)).map(({ run }) => run)).toEqual(['run_1', 'run_3']);
    expect(await store.upkeep.findTombstone('run_2')).toBeUndefined();
    expect(await store.runs.readEvents('run_2', 0)).toHaveLength(5);
    expect(await store.upkeep.remove('logs', due.slice(1, 2), 10)).toEqual([]);
  });

  test('a run of many events goes in several transactions, and room is given back', async () => {
    const store = open();
    const many = Array.from({ length: 1_500 }, (_, index) => begun(1, `s${index}`));
    await store.runs.create('run_1', [created(1), started(1), ...many]);
    await store.runs.append('run_1', 1_502, [succeeded(1)]);
    expect(
      await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 9), 10),
    ).toHaveLength(1);
    expect(await store.runs.find('run_1')).toBeUndefined();
    expect(await store.upkeep.finishRemovals()).toBe(0);
    const { bytesBefore, bytesAfter } = await store.upkeep.vacuum(true);
    expect(bytesAfter).toBeLessThanOrEqual(bytesBefore);
  });

  test('of tombstones the newest stay, and never fewer than 100 [WRK-50]', async () => {
    const store = open();
    for (const at of [1, 2]) {
      await over(store, `run_${at}`, at);
      await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 9), at);
    }
    expect(await store.upkeep.forgetTombstones(1)).toBe(0);
    expect(await store.upkeep.findTombstone('run_1')).toBeDefined();
    // So that there are enough that are newer.
    for (let count = 0; count < 150; count += 50) {
      const ids = Array.from({ length: 50 }, (_, index) => `run_new_${count + index}`);
      const events = [created(3), started(3), succeeded(3)];
      await Promise.all(ids.map((id) => store.runs.create(id, events)));
      await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 200), 3);
    }
    expect(await store.upkeep.forgetTombstones(1)).toBe(2);
    expect(await store.upkeep.findTombstone('run_1')).toBeUndefined();
    expect(await store.upkeep.findTombstone('run_new_0')).toBeDefined();
    expect(await store.upkeep.forgetTombstones(1)).toBe(0);
  });

  test('a definition goes when no run names it any more and nobody has kept it lately', async () => {
    const { runs, upkeep } = open();
    for (const hash of ['h2', 'h3', 'h4']) await runs.putDefinition(hash, SAMPLE_DEFINITION, 5);
    await runs.create('run_2', [created(5, { definition: 'h2' }), started(5), succeeded(5)]);
    await runs.putDefinition('h4', SAMPLE_DEFINITION, 9);
    await runs.putDefinition('h4', SAMPLE_DEFINITION, 7);
    // The contract's own h1 as well.
    expect(await upkeep.removeDefinitions(9)).toBe(2);
    await expect(runs.getDefinition('h3')).rejects.toMatchObject({ code: 'not_found' });
    expect(await runs.getDefinition('h2')).toEqual(SAMPLE_DEFINITION);
    await upkeep.remove('runs', await upkeep.listRemovable('runs', undefined, 9), 10);
    expect(await upkeep.removeDefinitions(9)).toBe(1);
    await expect(runs.getDefinition('h2')).rejects.toMatchObject({ code: 'not_found' });
    expect(await runs.getDefinition('h4')).toEqual(SAMPLE_DEFINITION);
  });

  test('a run that is created while its definition goes has it, or is not there', async () => {
    const { runs, upkeep } = open();
    for (let round = 0; round < 10; round++) {
      const hashes = Array.from({ length: 8 }, (_, index) => `r${round}_${index}`);
      await Promise.all(hashes.map((hash) => runs.putDefinition(hash, SAMPLE_DEFINITION, 1)));
      const create = (hash: string) => runs.create(`run_${hash}`, [created(1, { definition: hash })]);
      const half = hashes.slice(0, 4).map(create);
      const cleaning = upkeep.removeDefinitions(2);
      const outcomes = await Promise.allSettled([...half, ...hashes.slice(4).map(create)]);
      await cleaning;
      for (const [index, hash] of hashes.entries()) {
        const isThere = outcomes[index]?.status === 'fulfilled';
        expect((await runs.find(`run_${hash}`)) !== undefined).toBe(isThere);
        if (isThere) expect(await runs.getDefinition(hash)).toEqual(SAMPLE_DEFINITION);
      }
    }
  });

  test('a definition that is kept again while it goes is there', async () => {
    const { runs, upkeep } = open();
    for (let round = 0; round < 10; round++) {
      const hash = `k${round}`;
      await runs.putDefinition(hash, SAMPLE_DEFINITION, 1);
      await Promise.all([upkeep.removeDefinitions(2), runs.putDefinition(hash, SAMPLE_DEFINITION, 2)]);
      expect(await runs.getDefinition(hash)).toEqual(SAMPLE_DEFINITION);
    }
  });
}
