import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed, untilStopped } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import { openWorld, startSample, type World } from './testing/world.ts';

const once = sampleWorkflow([sampleAction('a')]);
const two = sampleWorkflow([
  sampleStep('both', { kind: 'parallel', branches: [sampleAction('a'), sampleAction('b')] }),
]);

/** Calls that wait until they are let go, one after the other. */
function gated() {
  const open: (() => void)[] = [];
  const script: Script = {
    perform: (_call, signal) =>
      Promise.race([
        new Promise<void>((resolve) => open.push(resolve)).then(() => succeed(null)),
        untilStopped(signal),
      ]),
  };
  return { scripts: { 'sample/a': script, 'sample/b': script }, open };
}

let world: World;
afterEach(() => world.close());

describe('in one process', () => {
  test('what waits is re-ordered by whoever asks, from any process [WRK-125]', async () => {
    world = openWorld();
    const { scripts, open } = gated();
    const holder = await world.process(scripts, { atOnce: 1 });
    const desk = await world.process(scripts);
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) ids.push(await startSample(holder.engine, once));
    await world.clock.advance(0);
    expect(holder.gate.calls.map(({ run }) => run)).toEqual(ids.slice(0, 1));
    expect(await desk.engine.prioritise(ids[2] ?? '', 'user:ada', 1)).toEqual([ids[2]]);
    await world.clock.advance(1_000);
    for (let served = 0; served < 3; served++) {
      open.shift()?.();
      await world.clock.advance(300);
    }
    expect(holder.gate.calls.map(({ run }) => run)).toEqual([ids[0], ids[2], ids[1]]);
    expect(desk.gate.calls).toEqual([]);
  });

  test('one step of a run can go before the others; what has no attempt, and what is over, cannot [WRK-125]', async () => {
    world = openWorld();
    const { scripts, open } = gated();
    const { engine, gate } = await world.process(scripts, { atOnce: 1 });
    const first = await startSample(engine, once);
    const wide = await startSample(engine, two);
    await world.clock.advance(0);
    await expect(engine.prioritise(wide, 'user:ada', 1, 'both')).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(engine.prioritise(wide, 'user:ada', 1, 'nothing')).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await engine.prioritise(wide, 'user:ada', 1, 'both/b');
    await world.clock.advance(300);
    for (let served = 0; served < 3; served++) {
      open.shift()?.();
      await world.clock.advance(300);
    }
    expect(gate.calls.map(({ step }) => step)).toEqual(['a', 'both/b', 'both/a']);
    await expect(engine.prioritise(first, 'user:ada', 1)).rejects.toMatchObject({ code: 'run_over' });
  });

  test('runs inside a run go with it [WRK-125]', async () => {
    world = openWorld();
    const { scripts } = gated();
    const parent = sampleWorkflow([sampleStep('inner', { kind: 'workflow', workflow: 'once', with: {} })]);
    const { engine } = await world.process(scripts, { workflows: { once } });
    const id = await startSample(engine, parent);
    await world.clock.advance(300);
    const told = await engine.prioritise(id, 'user:ada', -1);
    expect(told).toHaveLength(2);
    expect((await engine.get(told[1] ?? '')).state).toMatchObject({ priority: -1 });
  });
});

describe.skipIf(lacksPostgres())('on a shared store', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('what waits for any process is re-ordered, and its place in the line is known [WRK-125] [WRK-35]', async () => {
    world = openWorld(server.url);
    const { scripts, open } = gated();
    const desk = await world.process(scripts, { works: false });
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) ids.push(await startSample(desk.engine, once));
    await desk.engine.prioritise(ids[2] ?? '', 'user:ada', 1);
    await desk.engine.prioritise(ids[0] ?? '', 'user:ada', -1);
    const worker = await world.process(scripts, { atOnce: 1 });
    for (let served = 1; served <= 3; served++) {
      await until('it is served', () => worker.gate.calls.length === served && open.length === 1);
      open.shift()?.();
    }
    await Promise.all(ids.map((id) => desk.engine.settled(id)));
    expect(worker.gate.calls.map(({ run }) => run)).toEqual([ids[2], ids[1], ids[0]]);
  });
});
