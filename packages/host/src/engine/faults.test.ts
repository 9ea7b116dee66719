import { CadreError } from '@cadre/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { untilStopped } from '../testing/scripted-gate.ts';
import { gather, openWorld, startSample, type World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const workflow = sampleWorkflow([sampleAction('a'), sampleAction('b')]);

test('a run that cannot be written stops its work, says why, and can be gone on with by another process', async () => {
  const disk = { full: false };
  const full = new CadreError('disk_full', 'the disk is full');
  const first = await world.process(
    {
      'sample/a': {
        perform: async () => {
          disk.full = true;
          return { ok: true, output: 1 };
        },
      },
      'sample/b': {},
    },
    {
      wrap: (store) => ({
        ...store,
        runs: {
          ...store.runs,
          append: async (...given) => {
            if (disk.full) throw full;
            return store.runs.append(...given);
          },
        },
      }),
    },
  );
  const id = await startSample(first.engine, workflow);
  await expect(first.engine.settled(id)).rejects.toBe(full);
  await expect(gather(first.engine.watch(id, 0))).rejects.toBe(full);
  await first.engine.close();
  first.die();
  const second = await world.process({ 'sample/a': {}, 'sample/b': {} });
  expect(await second.engine.recover()).toEqual([id]);
  expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
});

test('a bug of the gate is thrown as it is, and everything else of the run is stopped', async () => {
  const bug = new TypeError('x is not a function');
  const { engine, gate, store } = await world.process({
    'sample/a': {
      perform: () => {
        throw bug;
      },
    },
    'sample/b': { perform: (_call, signal) => untilStopped(signal) },
  });
  const both = sampleWorkflow([
    {
      id: 'all',
      kind: 'parallel',
      needs: [],
      onError: { kind: 'abort' },
      branches: [...workflow.steps].reverse(),
    },
  ]);
  const id = await startSample(engine, both);
  await expect(engine.settled(id)).rejects.toBe(bug);
  await world.clock.advance(0);
  expect(gate.underWay()).toBe(1);
  expect(await store.leases.list()).toEqual([]);
});

test('a failure that nobody has heard of is told when the engine closes', async () => {
  const bug = new TypeError('x is not a function');
  const { engine, die } = await world.process({
    'sample/a': {
      perform: () => {
        throw bug;
      },
    },
  });
  await startSample(engine, workflow);
  await world.clock.advance(0);
  await expect(engine.close()).rejects.toBe(bug);
  die();
});

test('a run that cannot be read is not in the way of the others that are recovered', async () => {
  const first = await world.process({
    'sample/a': { perform: (_call, signal) => untilStopped(signal) },
    'sample/b': {},
  });
  const ids = [await startSample(first.engine, workflow), await startSample(first.engine, workflow)];
  first.die();
  const [bad = '', good = ''] = ids;
  const newer = new CadreError('incompatible', 'written by a later version');
  const second = await world.process(
    { 'sample/a': {}, 'sample/b': {} },
    {
      wrap: (store) => ({
        ...store,
        runs: {
          ...store.runs,
          readEvents: async (id, ...rest) => {
            if (id === bad) throw newer;
            return store.runs.readEvents(id, ...rest);
          },
        },
      }),
    },
  );
  expect(await second.engine.recover()).toEqual([good]);
  expect(await second.engine.settled(good)).toMatchObject({ status: 'succeeded' });
  await expect(second.engine.settled(bad)).rejects.toBe(newer);
});

test('what was kept for a run is removed when it is over, and only then', async () => {
  const ended: string[] = [];
  const first = await world.process({ 'sample/a': { perform: (_call, signal) => untilStopped(signal) } });
  const gate = first.gate as { endRun: (run: string) => Promise<void> };
  gate.endRun = async (run) => void ended.push(run);
  const id = await startSample(first.engine, workflow);
  await world.clock.advance(0);
  expect(ended).toEqual([]);
  await first.engine.cancel(id, 'user:ada', 'enough');
  await first.engine.settled(id);
  await first.engine.close();
  expect(ended).toEqual([id]);
});
