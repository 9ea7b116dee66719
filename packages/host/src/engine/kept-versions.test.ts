import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import type { Script } from '../testing/scripted-gate.ts';
import { openWorld, startSample, type World } from './testing/world.ts';

let server: PostgresServer | undefined;
let world: World;
const lacking = lacksPostgres();
beforeAll(async () => {
  if (!lacking) server = await startPostgres();
});
afterAll(() => server?.close());

const step = (id: string, uses: string) => sampleStep(id, { kind: 'action', uses, with: {} });
const version = (number: string, repeatable = true): Script => ({ traits: { version: number, repeatable } });

/** A machine with 1.0.0 and 3.0.0, and the same after an upgrade: both ranges mean a newer version there. */
const installed = (one: string, three: string): Readonly<Record<string, Script>> => ({
  'cnt/count@^1': version(one),
  'cnt/count@^3': version(three),
  [`cnt/count@${one}`]: version(one),
  [`cnt/count@${three}`]: version(three),
});
const before = installed('1.0.0', '3.0.0');
const after = { ...before, ...installed('1.1.0', '3.1.0') };

describe.each(['on one machine', ...(lacking ? [] : ['on many'])])('%s', (size) => {
  beforeEach(() => {
    world = openWorld(size === 'on many' ? server?.url : undefined);
  });
  afterEach(() => world.close());

  test('[WRK-4] a run that uses two versions of a worker keeps both, in another process and after an upgrade', async () => {
    const workflow = sampleWorkflow([
      step('a', 'cnt/count@^1'),
      step('b', 'cnt/count@^3'),
      sampleStep('ask', { kind: 'approval', prompt: 'Go on?', default: 'deny' }),
      step('c', 'cnt/count@^1'),
      step('d', 'cnt/count@^3'),
    ]);
    const first = await world.process(before);
    const id = await startSample(first.engine, workflow);
    expect((await first.engine.settled(id)).status).toBe('waiting');
    expect(first.gate.calls.map(({ uses }) => uses)).toEqual(['cnt/count@1.0.0', 'cnt/count@3.0.0']);
    await first.engine.close(0);

    const second = await world.process(after);
    await second.engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    expect((await second.engine.settled(id)).status).toBe('succeeded');
    expect(second.gate.calls.map(({ uses }) => uses)).toEqual(['cnt/count@1.0.0', 'cnt/count@3.0.0']);
    const [created] = await second.store.runs.readEvents(id, 0, 1);
    expect(created).toMatchObject({ type: 'run.created', workers: { cnt: ['3.0.0', '1.0.0'] } });
  });
});

test('[WRK-4] [WRK-40] after a crash what the kept version says decides whether its step may be tried again', async () => {
  world = openWorld();
  try {
    const never = { ...version('1.0.0', false), perform: () => new Promise<never>(() => undefined) };
    const first = await world.process({ ...before, 'cnt/count@1.0.0': never });
    const id = await startSample(
      first.engine,
      sampleWorkflow([step('b', 'cnt/count@^3'), step('a', 'cnt/count@^1')]),
    );
    await expect.poll(() => first.gate.underWay()).toBe(1);
    first.die();
    const second = await world.process({ ...after, 'cnt/count@1.0.0': version('1.0.0', false) });
    await second.engine.recover();
    expect((await second.engine.settled(id)).status).toBe('waiting');
    expect(await second.store.runs.readEvents(id, 0)).toContainEqual(
      expect.objectContaining({ type: 'step.interrupted', step: 'a', repeatable: false }),
    );
    await second.engine.answer(id, 'a', { by: 'user:ada', answer: 'retry' });
    expect((await second.engine.settled(id)).status).toBe('succeeded');
    expect(second.gate.calls.map(({ uses }) => uses)).toEqual(['cnt/count@1.0.0']);
  } finally {
    await world.close();
  }
});
