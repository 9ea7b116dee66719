import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed, untilStopped } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import { openWorld, runSample, startSample, type World } from './testing/world.ts';

/** Spends what its input says, and goes on until it is stopped. */
const spends: Script = {
  perform(call, signal, observer) {
    observer.spend({ tokens: Number(call.input['tokens']) });
    return untilStopped(signal);
  },
};

const branch = (id: string, tokens: number) =>
  sampleStep(id, { kind: 'action', uses: 'sample/spends', with: { tokens } });

const both = sampleWorkflow(
  [sampleStep('both', { kind: 'parallel', branches: [branch('a', 60), branch('b', 60)] })],
  {
    budget: { tokens: 100 },
  },
);

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test('[WRK-37] attempts that go on side by side count together while they go on', async () => {
  world = openWorld();
  const { engine } = await world.process({ 'sample/spends': spends });
  const state = await runSample(engine, both);
  expect(state.failure).toMatchObject({
    code: 'budget_exceeded',
    details: { limit: 'tokens', planned: 100, used: 120 },
  });
  expect(state.used).toEqual({ tokens: 120 });
  expect(['both/a', 'both/b'].map((path) => state.steps.get(path)?.status)).toEqual([
    'cancelled',
    'cancelled',
  ]);
});

test('[WRK-37] what an attempt had told of before its process died is not forgotten', async () => {
  world = openWorld();
  const first = await world.process({ 'sample/spends': spends });
  const step = branch('a', 60);
  const id = await startSample(first.engine, sampleWorkflow([{ ...step, budget: { tokens: 100 } }]));
  await until('it has told of its use', async () => (await first.engine.get(id)).state.used?.tokens === 60);
  first.die();
  const calls: number[] = [];
  const second = await world.process({
    'sample/spends': {
      perform(_call, _signal, observer) {
        observer.spend({ tokens: 40 });
        calls.push(40);
        return succeed('done');
      },
    },
  });
  await second.engine.recover();
  const state = await second.engine.settled(id);
  expect(calls).toEqual([40]);
  expect(state.status).toBe('succeeded');
  expect(state.used).toEqual({ tokens: 100 });
});

test('[WRK-37] runs inside that go on at once cannot get more together than there is', async () => {
  world = openWorld();
  const inner = sampleWorkflow([branch('spends', 51)], { name: 'inner' });
  const child = (id: string) =>
    sampleStep(id, { kind: 'workflow', workflow: 'inner', with: {} }, { onError: { kind: 'continue' } });
  const outer = sampleWorkflow(
    [sampleStep('both', { kind: 'parallel', branches: [child('a'), child('b')] })],
    {
      budget: { tokens: 200 },
    },
  );
  const process = await world.process({ 'sample/spends': spends }, { workflows: { inner } });
  const id = await startSample(process.engine, { ...outer, budget: { tokens: 100 } });
  const state = await process.engine.settled(id);
  for (const path of ['both/a', 'both/b']) {
    expect(state.steps.get(path)?.failure).toMatchObject({
      code: 'budget_exceeded',
      details: { planned: 50, used: 51 },
    });
  }
});

describe.skipIf(lacksPostgres())('on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('[WRK-37] attempts in two processes count together, and both are stopped', async () => {
    world = openWorld(server.url);
    const scripts = { 'sample/spends': spends };
    const one = await world.process(scripts, { atOnce: 1 });
    const two = await world.process(scripts, { atOnce: 1 });
    const state = await runSample(one.engine, both);
    expect(one.gate.calls.length).toBe(1);
    expect(two.gate.calls.length).toBe(1);
    expect(state.failure).toMatchObject({ code: 'budget_exceeded', details: { planned: 100, used: 120 } });
    expect(state.used).toEqual({ tokens: 120 });
  });
});
