import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { succeed, untilStopped } from '../testing/scripted-gate.ts';
import { openWorld, startSample, type World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const deploy = (onConflict: 'queue' | 'skip' | 'cancel-running' | 'reject') =>
  sampleWorkflow([sampleAction('work')], {
    name: 'deploy',
    inputs: { to: { type: 'string', default: 'prod' } },
    concurrency: { group: 'deploy:${{ inputs.to }}', onConflict },
  });

/** An action whose calls end when the test says so. */
function gated() {
  const release: (() => void)[] = [];
  return {
    scripts: {
      'sample/work': {
        perform: (_: unknown, signal: AbortSignal) =>
          Promise.race([
            untilStopped(signal),
            new Promise<ReturnType<typeof succeed>>((resolve) => release.push(() => resolve(succeed(null)))),
          ]),
      },
    },
    finish: (index: number) => release[index]?.(),
  };
}

test('queue: runs of a group go on one after another in the order in which they came', async () => {
  const { scripts, finish } = gated();
  const { engine, gate } = await world.process(scripts);
  const ids = [];
  for (let run = 0; run < 3; run += 1) ids.push(await startSample(engine, deploy('queue')));
  const other = await startSample(engine, deploy('queue'), { to: 'test' });
  await expect.poll(() => gate.calls.map((call) => call.run)).toEqual([ids[0], other]);
  expect((await engine.get(ids[1] ?? '')).state.status).toBe('queued');
  finish(0);
  await engine.settled(ids[0] ?? '');
  await expect.poll(() => gate.calls.length).toBe(3);
  expect(gate.calls[2]?.run).toBe(ids[1]);
  finish(2);
  await expect.poll(() => gate.calls.length).toBe(4);
  finish(3);
  expect((await engine.settled(ids[2] ?? '')).status).toBe('succeeded');
});

test('a run that waits in a line can be cancelled there, and the next does not wait for it', async () => {
  const { scripts, finish } = gated();
  const { engine } = await world.process(scripts);
  const [first, second, third] = [
    await startSample(engine, deploy('queue')),
    await startSample(engine, deploy('queue')),
    await startSample(engine, deploy('queue')),
  ];
  await engine.cancel(second, 'ada', 'not needed');
  expect((await engine.settled(second)).status).toBe('cancelled');
  finish(0);
  await engine.settled(first);
  await expect.poll(async () => (await engine.get(third)).state.status).toBe('running');
});

test('reject and skip: a second run is not begun, and is told which one goes on', async () => {
  const { scripts } = gated();
  const { engine } = await world.process(scripts);
  const first = await startSample(engine, deploy('reject'));
  for (const how of ['reject', 'skip'] as const) {
    await expect(startSample(engine, deploy(how))).rejects.toMatchObject({
      code: 'group_busy',
      details: { run: first, onConflict: how },
    });
  }
  expect((await engine.list({})).runs).toHaveLength(1);
});

test('cancel-running: the one under way is cancelled, and the new one begins when it has ended', async () => {
  const { scripts, finish } = gated();
  const { engine, gate } = await world.process(scripts);
  const first = await startSample(engine, deploy('cancel-running'));
  const second = await startSample(engine, deploy('cancel-running'));
  expect((await engine.settled(first)).status).toBe('cancelled');
  await expect.poll(() => gate.calls.map((call) => call.run)).toEqual([first, second]);
  finish(1);
  expect((await engine.settled(second)).status).toBe('succeeded');
});

test('a line goes on when the process of the first died, and across processes', async () => {
  const one = await world.process(gated().scripts);
  const first = await startSample(one.engine, deploy('queue'));
  const two = gated();
  const other = await world.process(two.scripts);
  const second = await startSample(other.engine, deploy('queue'));
  expect((await other.engine.get(second)).state.status).toBe('queued');
  one.die();
  await other.engine.recover();
  await other.engine.cancel(first, 'ada', 'over');
  await other.engine.settled(first);
  await world.clock.advance(300);
  await expect.poll(async () => (await other.engine.get(second)).state.status).toBe('running');
});

test('a run ends in order also when who stands next was never created', async () => {
  const { scripts, finish } = gated();
  const { engine, store, die } = await world.process(scripts);
  const first = await startSample(engine, deploy('queue'));
  const entering = { now: world.clock.now(), graceMs: 60_000, unlessBusy: false };
  const { group = '' } = (await engine.get(first)).state;
  await store.groups.enter(group, 'run_never', entering);
  finish(0);
  expect((await engine.settled(first)).status).toBe('succeeded');
  await world.clock.advance(0);
  await expect(engine.close()).resolves.toBeUndefined();
  die();
});

test('a run that is there already is not begun again, and keeps its place', async () => {
  const { scripts, finish } = gated();
  const { engine, store } = await world.process(scripts);
  const request = { inputs: {}, mode: 'apply', trigger: { kind: 'manual' }, principal: 'user:ada' } as const;
  const again = () => engine.start({ ...request, workflow: deploy('reject'), id: 'run_same' });
  await again();
  finish(0);
  await engine.settled('run_same');
  await world.clock.advance(0);
  await startSample(engine, deploy('reject'));
  await expect(again()).rejects.toMatchObject({ code: 'exists' });
  expect((await store.runs.list({})).runs).toHaveLength(2);
});

test('who was put into the line and died is in it once when it comes again', async () => {
  const { store } = await world.process({});
  const entering = { now: world.clock.now(), graceMs: 60_000, unlessBusy: false };
  await store.groups.enter('line', 'run_late', entering);
  const later = { ...entering, now: entering.now + 120_000 };
  expect(await store.groups.enter('line', 'run_late', later)).toEqual([]);
  expect(await store.groups.isFirst('line', 'run_late', later.now)).toBe(true);
});
