import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { untilStopped } from '../testing/scripted-gate.ts';
import { LEASE_MS } from './lease-keeper.ts';
import { gather, openWorld, startSample, type World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const forever = { 'sample/a': { perform: (_call: unknown, signal: AbortSignal) => untilStopped(signal) } };
const once = sampleWorkflow([sampleAction('a')]);

describe('two processes on one store', () => {
  test('one cancels what the other runs, within a quarter of a second', async () => {
    const first = await world.process(forever);
    const second = await world.process({});
    const id = await startSample(first.engine, once);
    await world.clock.advance(0);
    expect(first.gate.underWay()).toBe(1);
    await second.engine.cancel(id, 'user:bob', 'enough');
    await world.clock.advance(250);
    expect(first.gate.underWay()).toBe(0);
    expect(await second.engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect(second.gate.calls).toEqual([]);
  });

  test('one answers what the other asks, and the other goes on', async () => {
    const first = await world.process({ 'sample/push': {} });
    const second = await world.process({});
    const id = await startSample(
      first.engine,
      sampleWorkflow([
        sampleStep('ask', { kind: 'approval', prompt: 'Push?', default: 'deny' }),
        sampleAction('push'),
      ]),
    );
    await first.engine.settled(id);
    await second.engine.answer(id, 'ask', { by: 'user:bob', answer: 'allow' });
    await world.clock.advance(250);
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(first.gate.calls).toHaveLength(1);
    expect(second.gate.calls).toEqual([]);
  });

  test('one watches what the other runs', async () => {
    const first = await world.process(forever);
    const second = await world.process({});
    const id = await startSample(first.engine, once);
    const watching = gather(second.engine.watch(id, 0));
    const settling = second.engine.settled(id);
    await first.engine.cancel(id, 'user:ada', 'enough');
    await world.clock.advance(250);
    const seen = await watching;
    expect(seen.at(-1)).toMatchObject({ kind: 'event', event: { type: 'run.cancelled' } });
    expect(seen.map((item) => item.kind === 'event' && item.event.number)).toEqual(
      seen.map((_, index) => index + 1),
    );
    expect(await settling).toMatchObject({ status: 'cancelled' });
  });

  test('never both advance a run, however often both want it', async () => {
    const first = await world.process(forever);
    const id = await startSample(first.engine, once);
    first.die();
    const others = await Promise.all([1, 2, 3, 4].map(() => world.process({ 'sample/a': {} })));
    await Promise.all(others.map((other) => other.engine.recover()));
    await world.clock.advance(1_000);
    expect(others.flatMap((other) => other.gate.calls)).toHaveLength(1);
    const events = await others[0]?.store.runs.readEvents(id, 0);
    expect(events?.map((event) => event.type)).toEqual([
      'run.created',
      'run.started',
      'step.started',
      'run.resumed',
      'step.interrupted',
      'step.started',
      'step.succeeded',
      'run.succeeded',
    ]);
  });
});

describe('a lease', () => {
  test('of a process that lives is never taken for its age, and the one who wants it is told who has it', async () => {
    const first = await world.process(forever);
    const second = await world.process({ 'sample/a': {} });
    const id = await startSample(first.engine, once);
    await world.clock.advance(10 * LEASE_MS);
    expect(await second.engine.recover()).toEqual([]);
    await expect(second.engine.resume(id)).rejects.toMatchObject({
      code: 'lease_held',
      details: { holder: { holder: 'process-1' } },
    });
    expect(second.gate.calls).toEqual([]);
    expect(first.gate.underWay()).toBe(1);
  });

  test('of a process that lives but slept is not taken either', async () => {
    const stopped = { renew: false };
    const first = await world.process(forever, {
      wrap: (store) => ({
        ...store,
        leases: {
          ...store.leases,
          renew: async (...given) => stopped.renew || store.leases.renew(...given),
        },
      }),
    });
    const second = await world.process({ 'sample/a': {} });
    const id = await startSample(first.engine, once);
    // It believes that it renews, and does not.
    stopped.renew = true;
    await world.clock.advance(5 * LEASE_MS);
    expect((await second.store.leases.find(`run:${id}`))?.expires).toBeLessThan(world.clock.now());
    expect(await second.engine.recover()).toEqual([]);
  });

  test('of a dead process is taken over at once', async () => {
    const first = await world.process(forever);
    const second = await world.process({ 'sample/a': {} });
    const id = await startSample(first.engine, once);
    first.die();
    expect(await second.engine.recover()).toEqual([id]);
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
  });

  test('of a process on another machine is taken when it has lapsed, and its append is refused then', async () => {
    const asleep = { is: false };
    const first = await world.process(forever, {
      host: 'elsewhere',
      wrap: (store) => ({
        ...store,
        leases: {
          ...store.leases,
          renew: async (...given) => asleep.is || store.leases.renew(...given),
        },
      }),
    });
    const second = await world.process({ 'sample/a': {} });
    const id = await startSample(first.engine, once);
    await world.clock.advance(LEASE_MS - 1);
    expect(await second.engine.recover()).toEqual([]);
    asleep.is = true;
    await world.clock.advance(2 * LEASE_MS);
    expect(await second.engine.recover()).toEqual([id]);
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    const number = await second.store.runs.lastNumber(id);
    // It comes back, and wants to append what came of its attempt.
    await first.engine.cancel(id, 'user:ada', 'late').catch(() => undefined);
    await world.clock.advance(1_000);
    expect(first.gate.underWay()).toBe(0);
    expect(await second.store.runs.lastNumber(id)).toBe(number);
  });

  test('that was lost stops the work at once, and nothing of it is appended', async () => {
    const first = await world.process(forever);
    const second = await world.process({ 'sample/a': {} });
    const id = await startSample(first.engine, once);
    await second.store.leases.break(`run:${id}`);
    await world.clock.advance(10_000);
    expect(first.gate.underWay()).toBe(0);
    expect((await gather(first.engine.events(id))).at(-1)?.type).toBe('step.started');
    expect(await second.engine.recover()).toEqual([id]);
    const settling = first.engine.settled(id);
    await world.clock.advance(250);
    expect(await settling).toMatchObject({ status: 'succeeded' });
  });

  test('that was lost refuses the result of what was under way, also when nobody has taken the run since', async () => {
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = await world.process({
      'sample/a': { perform: () => done.then(() => ({ ok: true as const, output: 1 })) },
    });
    const id = await startSample(first.engine, once);
    const number = await first.store.runs.lastNumber(id);
    await first.store.leases.break(`run:${id}`);
    finish();
    await world.clock.advance(0);
    expect(await first.store.runs.lastNumber(id)).toBe(number);
  });

  test('that holds nothing any more is cleared away by the next who recovers', async () => {
    const first = await world.process({});
    const second = await world.process({});
    await first.store.leases.acquire(
      'run:run_x',
      { ...first.holder, run: 'run_x' },
      LEASE_MS,
      world.clock.now(),
      () => false,
    );
    expect(await second.engine.recover()).toEqual([]);
    expect(await second.store.leases.list()).toHaveLength(1);
    first.die();
    await second.engine.recover();
    expect(await second.store.leases.list()).toEqual([]);
  });
});

describe('a process that closes', () => {
  test('waits for what is under way, begins nothing more, and the next goes on', async () => {
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const scripts = {
      'sample/a': { perform: () => done.then(() => ({ ok: true as const, output: 1 })) },
      'sample/b': {},
    };
    const first = await world.process(scripts);
    const id = await startSample(first.engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
    await world.clock.advance(0);
    const closing = first.engine.close(5_000);
    await expect(startSample(first.engine, once)).rejects.toMatchObject({ code: 'store_unavailable' });
    finish();
    await closing;
    first.die();
    expect(first.gate.calls.map((call) => call.step)).toEqual(['a']);
    const second = await world.process(scripts);
    expect(await second.store.leases.list()).toEqual([]);
    expect(await second.engine.recover()).toEqual([id]);
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(second.gate.calls.map((call) => call.step)).toEqual(['b']);
  });

  test('stops what does not end in time, and says that it was interrupted', async () => {
    const first = await world.process({
      'sample/a': { ...forever['sample/a'], traits: { repeatable: false } },
    });
    const id = await startSample(first.engine, once);
    await world.clock.advance(0);
    const closing = first.engine.close(5_000);
    await world.clock.advance(5_000);
    await closing;
    first.die();
    const second = await world.process({ 'sample/a': { traits: { repeatable: false } } });
    expect(await second.engine.recover()).toEqual([id]);
    // Nobody knows how far it came, so a person is asked (rule 2 of the workflow language).
    expect(await second.engine.settled(id)).toMatchObject({ status: 'waiting' });
    expect(second.gate.calls).toEqual([]);
    await second.engine.answer(id, 'a', { by: 'user:ada', answer: 'retry' });
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
  });

  test('leaves a run that waits to be answered by anybody', async () => {
    const first = await world.process({});
    const asking = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Go on?', default: 'deny' }),
    ]);
    const id = await startSample(first.engine, asking);
    await first.engine.settled(id);
    await first.engine.close();
    first.die();
    const second = await world.process({});
    const before = await second.store.runs.lastNumber(id);
    await second.engine.recover();
    expect(await second.store.runs.lastNumber(id)).toBe(before);
    await second.engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
  });
});
