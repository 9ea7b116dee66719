import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { HOUR, type InboxProcess, type InboxWorld, MINUTE, openInboxWorld } from './testing/inbox-world.ts';

let world: InboxWorld;
beforeEach(() => {
  world = openInboxWorld();
});
afterEach(() => world.close());

async function fired({ inbox }: InboxProcess) {
  await inbox.settle();
  return (await inbox.history({})).map(({ trigger, status }) => `${trigger} ${status}`).sort();
}

describe('an event', () => {
  test('starts the runs of triggers that its topic fits and whose condition holds', async () => {
    world.declare('fits', 'on: { event: "card.*.moved" }\nwith: { n: "${{ event.data.to }}" }');
    world.declare('other', 'on: { event: "card.*.closed" }');
    world.declare('held', 'on: { event: "**" }\nif: "${{ event.data.to == \'done\' }}"');
    world.declare('not-held', 'on: { event: "**" }\nif: "${{ event.data.to == \'new\' }}"');
    const process = await world.process();
    await process.inbox.emit('card.7.moved', 'user:ada', { to: 'done' });
    await world.pass(1);
    expect(await fired(process)).toEqual(['fits succeeded', 'held succeeded']);
    const [one] = await process.inbox.history({ trigger: 'fits' });
    const { state } = await process.engine.get(one?.run ?? '');
    expect(state).toMatchObject({
      inputs: { n: 'done' },
      trigger: { kind: 'event', topic: 'card.7.moved', by: 'user:ada' },
    });
  });

  test('from a process that only tells it is fired by one that serves', async () => {
    world.declare('fits', 'on: { event: told }');
    const serving = await world.process();
    const telling = await world.process({ idle: true });
    await telling.inbox.emit('told', 'user:ada', null);
    await world.pass(MINUTE);
    expect(await fired(serving)).toEqual(['fits succeeded']);
    expect(telling.gate.calls).toEqual([]);
  });

  test('whose process died before it was dealt with is dealt with by another, once', async () => {
    world.declare('fits', 'on: { event: told }');
    const { store } = await world.process({ idle: true });
    await store.events.emit({ id: 'e1', at: world.clock.now(), topic: 'told', by: 'user:ada', data: null });
    await store.events.take(world.clock.now(), 30_000, 10);
    const [one, two] = [await world.process(), await world.process()];
    await world.pass(2 * MINUTE);
    expect(await fired(one)).toEqual(['fits succeeded']);
    expect([...one.gate.calls, ...two.gate.calls]).toHaveLength(1);
  });

  test.each([
    2, 48,
  ])('is known for as long as retention.firings says, be it %i hours, and then forgotten', async (hours) => {
    world.declare('fits', 'on: { event: told }');
    const process = await world.process({ retention: { afterMs: hours * HOUR, most: 1_000 } });
    const { events, streams } = process.store;
    const told = { id: 'e1', topic: 'told', by: 'user:ada', data: null };
    const emitted = async () => {
      await events.emit({ ...told, at: world.clock.now() });
      await world.pass(2 * MINUTE);
      return (await streams.read('emitted', 0, 9)).at(-1)?.number;
    };
    expect(await emitted()).toBe(1);
    // Short of the time, but after some look at what is to be forgotten.
    await world.clock.advance(0.7 * hours * HOUR);
    await world.pass(2 * MINUTE);
    expect(await emitted()).toBe(1);
    await world.clock.advance(hours * HOUR);
    await world.pass(2 * MINUTE);
    expect(await emitted()).toBe(2);
    expect(await fired(process)).toEqual(['fits succeeded']);
  });

  test('wakes the steps that wait for it, in runs that are found without looking at others', async () => {
    const waiting = sampleWorkflow([
      sampleStep('wait', { kind: 'wait', event: 'deploy.*' }),
      sampleAction('a'),
    ]);
    const process = await world.process();
    const start = (workflow = waiting) =>
      process.engine.start({
        workflow,
        inputs: {},
        mode: 'apply',
        trigger: { kind: 'manual' },
        principal: 'user:ada',
      });
    const ids = [await start(), await start()];
    const other = await start(sampleWorkflow([sampleStep('wait', { kind: 'wait', event: 'build.done' })]));
    await world.pass(1);
    await process.inbox.emit('deploy.approved', 'user:bob', { ok: true });
    await world.pass(300);
    for (const id of ids)
      expect(await process.engine.get(id)).toMatchObject({ state: { status: 'succeeded' } });
    expect(await process.engine.get(other)).toMatchObject({ state: { status: 'waiting' } });
    expect((await process.store.runs.readEvents(other, 0)).some(({ type }) => type === 'run.signalled')).toBe(
      false,
    );
  });

  test.each([
    'a b',
    'a..b',
    '',
    '*',
    'run.x.failed',
    'a.**',
  ])('with the topic %j is refused', async (topic) => {
    const process = await world.process({ idle: true });
    await expect(process.inbox.emit(topic, 'user:ada', null)).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('the end of a run', () => {
  const broken = {
    'sample/a': {
      perform: async () => ({
        ok: false as const,
        failure: { code: 'broken', message: 'it broke', retryable: false },
      }),
    },
    'sample/b': {},
  };

  test('is an event for triggers and for waiting steps', async () => {
    world.declare('mend', 'on: { event: run.sample.failed }\nwith: { n: "${{ event.data.failureCode }}" }');
    world.workflows['work'] = { ...sampleWorkflow([sampleAction('b')]), name: 'work', inputs: { n: {} } };
    const process = await world.process({ scripts: broken });
    const start = (workflow: ReturnType<typeof sampleWorkflow>) =>
      process.engine.start({
        workflow,
        inputs: {},
        mode: 'apply',
        trigger: { kind: 'manual' },
        principal: 'user:ada',
      });
    await world.pass(1);
    const waiting = await start(
      sampleWorkflow([sampleStep('w', { kind: 'wait', event: 'run.*.failed' })], { name: 'waits' }),
    );
    const failed = await start(sampleWorkflow([sampleAction('a')]));
    await start(sampleWorkflow([sampleAction('b')]));
    await world.pass(2 * MINUTE);
    expect(await fired(process)).toEqual(['mend succeeded']);
    const [one] = await process.inbox.history({});
    const { state } = await process.engine.get(one?.run ?? '');
    expect(state.inputs).toEqual({ n: 'broken' });
    expect(state.trigger).toMatchObject({ data: { run: failed, status: 'failed' } });
    expect(await process.engine.get(waiting)).toMatchObject({ state: { status: 'succeeded' } });
    // It is told once, however often it is looked at.
    await world.pass(5 * MINUTE);
    expect(await fired(process)).toEqual(['mend succeeded']);
  });

  test('of a run of the trigger itself does not start it again, and two that start each other are held back', async () => {
    world.workflows['ping'] = { ...sampleWorkflow([sampleAction('b')]), name: 'ping' };
    world.workflows['pong'] = { ...sampleWorkflow([sampleAction('b')]), name: 'pong' };
    world.declare('own', 'on: { event: run.work.succeeded }');
    world.workflows['work'] = { ...sampleWorkflow([sampleAction('b')]), name: 'work' };
    const process = await world.process({ scripts: broken });
    await world.pass(1);
    await process.inbox.fire('own', 'user:ada', null);
    await world.pass(10 * MINUTE);
    expect(await fired(process)).toEqual(['own succeeded']);
    const { firings } = process.store;
    const now = world.clock.now();
    for (let index = 0; index < 10; index++) {
      await firings.add({
        trigger: 'own',
        key: `k${index}`,
        due: now,
        claimedAt: now,
        priority: 2,
        notBefore: now,
        event: {},
      });
    }
    await process.store.events.emit({
      id: 'e',
      at: now,
      topic: 'run.work.succeeded',
      by: 'user:ada',
      data: {},
    });
    await process.inbox.emit('anything', 'user:ada', null);
    const [newest] = await process.inbox.history({ limit: 1 });
    expect(newest).toMatchObject({ key: 'event:e', status: 'skipped', failure: { code: 'loop_guard' } });
  });
});
