import { afterEach, beforeEach, expect, test } from 'vitest';
import { lacksPostgres, startPostgres } from '../testing/postgres-server.ts';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { openWorld, runSample, type SimulatedProcess, type World } from './testing/world.ts';

const HOUR = 3_600_000;
const workflow = sampleWorkflow([sampleAction('a')]);
const scripts = { 'sample/a': {} };

/** As upkeep of another process does it at a time. */
async function clean({ store: { upkeep } }: SimulatedProcess, now: number): Promise<number> {
  await upkeep.remove('runs', await upkeep.listRemovable('runs', undefined, 99), now);
  return upkeep.removeDefinitions(now - 24 * HOUR);
}

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

test('who has started runs of a workflow can start one after its definition was removed by another process', async () => {
  const [starting, cleaning] = [await world.process(scripts), await world.process(scripts)];
  expect(await runSample(starting.engine, workflow)).toMatchObject({ status: 'succeeded' });
  await world.clock.advance(25 * HOUR);
  expect(await clean(cleaning, world.clock.now())).toBe(1);
  expect(await runSample(starting.engine, workflow)).toMatchObject({ status: 'succeeded' });
});

test('who starts a run after hours in which no run named its definition has it all the time', async () => {
  const [starting, cleaning] = [await world.process(scripts), await world.process(scripts)];
  await runSample(starting.engine, workflow);
  for (let hours = 0; hours < 50; hours += 10) {
    await world.clock.advance(10 * HOUR);
    const started = runSample(starting.engine, workflow);
    expect(await clean(cleaning, world.clock.now())).toBe(0);
    expect(await started).toMatchObject({ status: 'succeeded' });
  }
});

async function isRefusedOnce(world: World): Promise<void> {
  const [starting, cleaning] = [await world.process(scripts), await world.process(scripts)];
  await runSample(starting.engine, workflow);
  expect(await clean(cleaning, world.clock.now() + 48 * HOUR)).toBe(1);
  await expect(runSample(starting.engine, workflow)).rejects.toThrow(/foreign key/i);
  expect(await runSample(starting.engine, workflow)).toMatchObject({ status: 'succeeded' });
}

test('whose clock is wrong, so that a definition goes too early, is refused once and no more', async () => {
  await isRefusedOnce(world);
});

test.skipIf(lacksPostgres())(
  'so it is where many processes share a store',
  async () => {
    const server = await startPostgres();
    const many = openWorld(server.url);
    try {
      await isRefusedOnce(many);
    } finally {
      await many.close();
      await server.close();
    }
  },
  60_000,
);
