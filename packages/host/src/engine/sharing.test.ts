import { failure } from '@cadre/sdk';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SharedStore } from '../ports/shared-journal.ts';
import type { Store } from '../ports/store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { retryTimes, sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed, untilStopped } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import { openWorld, runSample, type SimulatedProcess, startSample, type World } from './testing/world.ts';

const forever: Record<string, Script> = { 'sample/a': { perform: (_call, signal) => untilStopped(signal) } };
const once = sampleWorkflow([sampleAction('a')]);

/** As many branches as asked for, all of one action. */
const wide = (branches: number, more = {}) =>
  sampleWorkflow([
    sampleStep('all', {
      kind: 'parallel',
      branches: Array.from({ length: branches }, (_, index) =>
        sampleStep(`s${index}`, { kind: 'action', uses: 'sample/a', with: {} }, more),
      ),
    }),
  ]);

const nap = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A store whose queue has given out jobs, but the answer that says so comes only when it is let go. */
function holdingJobs() {
  const [caught, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const wrap = (store: Store): Store => {
    const shared = store.shared as SharedStore;
    return {
      ...store,
      shared: {
        ...shared,
        async executeSql(text, values) {
          const answer = await shared.executeSql(text, values);
          // A text of many statements has many answers.
          if (answer.rows?.some((row) => row.data?.assignment !== undefined) !== true) return answer;
          caught.resolve();
          await letGo.promise;
          return answer;
        },
      },
    };
  };
  return { wrap, caught: caught.promise, letGo: letGo.resolve };
}

describe.skipIf(lacksPostgres())('many processes on one store', () => {
  let server: PostgresServer;
  let world: World;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    world = openWorld(server.url);
  });
  afterEach(() => world.close());

  /** On a connection that is gone afterwards, whatever happens: one that is left would break with the server, and nobody hears it. */
  async function ask(sql: string): Promise<pg.QueryResult<Record<string, unknown>>> {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  test('share the steps of one run, and each result is appended once', async () => {
    const act: Script = { perform: async () => nap(5).then(() => succeed(1)) };
    const processes = await Promise.all(
      [1, 2, 3].map(() => world.process({ 'sample/a': act }, { atOnce: 2 })),
    );
    const state = await runSample(processes[0]?.engine as never, wide(40));
    expect(state.status).toBe('succeeded');
    const calls = processes.flatMap(({ gate }) => gate.calls);
    expect(calls).toHaveLength(40);
    expect(new Set(calls.map((call) => call.step)).size).toBe(40);
    expect(processes.filter(({ gate }) => gate.calls.length > 0).length).toBeGreaterThan(1);
  });

  test('one hands in what the other performs, hears of its end and of its questions', async () => {
    const desk = await world.process({}, { works: false });
    const worker = await world.process({ 'sample/push': {} });
    const workflow = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Push?', default: 'deny' }),
      sampleAction('push', { if: '${{ steps.ask.output.approved }}' }),
    ]);
    const id = await startSample(desk.engine, workflow);
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'waiting' });
    await desk.engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(worker.gate.calls.map((call) => call.step)).toEqual(['push']);
    expect(desk.gate.calls).toEqual([]);
  });

  test('who knew a run as waiting hears that somebody else has answered it', async () => {
    const [desk, other] = [
      await world.process({}, { works: false }),
      await world.process({}, { works: false }),
    ];
    const ask = (id: string) => sampleStep(id, { kind: 'approval', prompt: 'Push?', default: 'deny' });
    const id = await startSample(desk.engine, sampleWorkflow([ask('one'), ask('two')]));
    expect((await desk.engine.settled(id)).waiting.toArray()).toEqual(['one']);
    await other.engine.answer(id, 'one', { by: 'user:ada', answer: 'allow' });
    expect((await desk.engine.settled(id)).waiting.toArray()).toEqual(['two']);
  });

  test('who hands in what it has places for begins it at once, and the others take the rest', async () => {
    const processes = await Promise.all([1, 2].map(() => world.process(forever, { atOnce: 2 })));
    const [first, second] = processes as [SimulatedProcess, SimulatedProcess];
    const id = await startSample(first.engine, wide(5));
    expect((await ask(`SELECT run FROM ${world.schema}_work.direct`)).rows).toEqual([
      { run: id },
      { run: id },
    ]);
    await until('both have begun what they can', () => processes.every(({ gate }) => gate.underWay() === 2));
    await second.engine.cancel(id, 'user:ada', 'enough');
    expect(await second.engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect((await ask(`SELECT FROM ${world.schema}_work.direct`)).rows).toEqual([]);
  });

  test('a class is performed only by those who do it [WRK-35]', async () => {
    const cpu = await world.process({ 'sample/a': { traits: { class: 'cpu' } } }, { classes: ['cpu'] });
    const llm = await world.process(
      { 'sample/a': { traits: { class: 'cpu' } }, 'sample/b': {} },
      { classes: ['llm', 'our own class'] },
    );
    const workflow = sampleWorkflow([
      sampleAction('a'),
      sampleAction('b', { class: 'our own class' }),
      sampleStep('c', { kind: 'action', uses: 'sample/a', with: {} }, { class: 'llm' }),
    ]);
    expect((await runSample(llm.engine, workflow)).status).toBe('succeeded');
    expect(cpu.gate.calls.map((call) => call.step)).toEqual(['a']);
    expect(llm.gate.calls.map((call) => call.step)).toEqual(['b', 'c']);
  });

  test('a limit over all processes is never passed, however many want the last place [WRK-35]', async () => {
    let underWay = 0;
    let most = 0;
    const act: Script = {
      async perform() {
        most = Math.max(most, ++underWay);
        await nap(10);
        underWay -= 1;
        return succeed(null);
      },
    };
    const processes = await Promise.all(
      [1, 2, 3].map(() => world.process({ 'sample/a': act }, { atOnce: 5, everywhere: 3 })),
    );
    const states = await Promise.all(processes.map(({ engine }) => runSample(engine, wide(20))));
    expect(states.map((state) => state.status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(most).toBe(3);
  });

  test('what matters more goes first, and a wide run leaves room for a narrow one [WRK-35]', async () => {
    const desk = await world.process({ 'sample/a': {} }, { works: false });
    const wideRun = await startSample(desk.engine, wide(12));
    const urgent = await startSample(desk.engine, wide(1, { priority: 5 }));
    const narrow = await startSample(desk.engine, wide(1));
    const worker = await world.process({ 'sample/a': {} }, { atOnce: 1 });
    await Promise.all([wideRun, urgent, narrow].map((id) => desk.engine.settled(id)));
    const order = worker.gate.calls.map((call) => call.run);
    expect(order[0]).toBe(urgent);
    expect(order.indexOf(narrow)).toBeLessThan(4);
  });

  test('one cancels what another performs, and what nobody has begun is not begun [WRK-38]', async () => {
    const worker = await world.process(forever, { atOnce: 2 });
    const desk = await world.process(forever, { works: false });
    const id = await startSample(desk.engine, wide(5));
    await until('two are under way', () => worker.gate.underWay() === 2);
    await desk.engine.cancel(id, 'user:bob', 'enough');
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect(worker.gate.underWay()).toBe(0);
    expect(worker.gate.calls).toHaveLength(2);
  });

  test('what was cancelled while its job was on the way to who performs it is ended there [WRK-38]', async () => {
    const held = holdingJobs();
    const desk = await world.process(forever, { works: false });
    const worker = await world.process(forever, { wrap: held.wrap });
    const id = await startSample(desk.engine, once);
    await held.caught;
    await worker.engine.cancel(id, 'user:bob', 'enough');
    held.letGo();
    expect(await worker.engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect(worker.gate.underWay()).toBe(0);
  });

  test('a step that failed is tried again in time, also by a process that did not see it fail [WRK-32]', async () => {
    let tries = 0;
    const broken = failure('network', 'no answer', { retryable: true });
    const flaky: Script = { perform: () => (++tries < 2 ? { ok: false, failure: broken } : succeed(tries)) };
    const first = await world.process({ 'sample/a': flaky });
    const id = await startSample(
      first.engine,
      sampleWorkflow([sampleAction('a', { retry: retryTimes(2, 1_500) })]),
    );
    await until('it has failed', () => tries === 1);
    await until('and that is appended', async () => (await first.engine.get(id)).state.retrying.size === 1);
    await first.engine.close(0);
    first.die();
    const second = await world.process({ 'sample/a': flaky });
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(second.gate.calls.map((call) => call.attempt)).toEqual([2]);
  });

  test('a question that nobody answers in time is answered by its default, wherever that is noticed', async () => {
    const desk = await world.process({}, { works: false });
    const workflow = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Push?', deadlineMs: 300, default: 'deny' }),
    ]);
    const id = await startSample(desk.engine, workflow);
    await world.process({});
    await until('it is over', async () => (await desk.engine.get(id)).state.status === 'succeeded');
  });

  test('what somebody wanted is done though its process died before it decided, long before another time [WRK-38] [WRK-40]', async () => {
    const desk = await world.process({}, { works: false });
    const workflow = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Push?', deadlineMs: 3_600_000, default: 'deny' }),
    ]);
    const ids = [await startSample(desk.engine, workflow), await startSample(desk.engine, workflow)];
    const worker = await world.process({});
    const [answered = '', cancelled = ''] = ids;
    const { number } = (await desk.engine.get(answered)).state;
    const at = Date.now();
    const by = 'user:ada';
    await desk.store.runs.append(answered, number, [
      { at, type: 'step.answered', step: 'ask', by, answer: 'allow' },
    ]);
    await desk.store.runs.append(cancelled, number, [{ at, type: 'run.cancelling', by, reason: 'enough' }]);
    await until('both are over', async () => {
      const states = await Promise.all(ids.map(async (id) => (await worker.engine.get(id)).state.status));
      return states.join() === 'succeeded,cancelled';
    });
  });

  test('a signal that nobody waits for does not keep a run from its time, nor the others from their rest', async () => {
    const desk = await world.process({}, { works: false });
    const workflow = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Push?', deadlineMs: 3_600_000, default: 'deny' }),
    ]);
    const id = await startSample(desk.engine, workflow);
    const { steps } = (await desk.engine.get(id)).state;
    const deadline = steps.get('ask')?.question?.deadline;
    await desk.engine.signal(id, 'user:ada', 'nobody.waits', null);
    await world.process({});
    await until('its own time is written down again', async () => {
      const { rows } = await ask(`SELECT wake_at FROM ${world.schema}.runs`);
      return Number(rows[0]?.['wake_at']) === deadline;
    });
  });

  test('a plan stays in the process that makes it', async () => {
    const desk = await world.process({ 'sample/a': {} }, { works: false });
    const worker = await world.process({ 'sample/a': {} });
    const id = await desk.engine.start({
      workflow: once,
      inputs: {},
      mode: 'plan',
      trigger: { kind: 'manual' },
      principal: 'user:ada',
    });
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(desk.gate.calls).toHaveLength(1);
    expect(worker.gate.calls).toEqual([]);
  });

  test('one that ends waits for what is under way, takes nothing more, and the others go on', async () => {
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = await world.process({
      'sample/a': { perform: () => done.then(() => succeed(1)) },
      'sample/b': {},
    });
    const id = await startSample(first.engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
    await until('it is under way', () => first.gate.underWay() === 1);
    const closing = first.engine.close(5_000);
    await expect(startSample(first.engine, once)).rejects.toMatchObject({ code: 'store_unavailable' });
    finish();
    await closing;
    first.die();
    const second = await world.process({ 'sample/b': {} });
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(first.gate.calls.map((call) => call.step)).toEqual(['a']);
    expect(second.gate.calls.map((call) => call.step)).toEqual(['b']);
  });

  test('what does not end in time is stopped and tried again by another', async () => {
    const first = await world.process(forever);
    const id = await startSample(first.engine, once);
    await until('it is under way', () => first.gate.underWay() === 1);
    await first.engine.close(50);
    first.die();
    const second = await world.process({ 'sample/a': {} });
    expect(await second.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(second.gate.calls.map((call) => call.attempt)).toEqual([2]);
  });

  test('a run that has lost its job is found and goes on', async () => {
    const desk = await world.process({ 'sample/a': {} }, { works: false });
    const id = await startSample(desk.engine, once);
    const deleted = await ask(`DELETE FROM ${world.schema}_work.job`);
    expect(deleted.rowCount).toBe(1);
    const worker = await world.process({ 'sample/a': {} });
    expect(await worker.engine.recover()).toEqual([id]);
    expect(await worker.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    expect(worker.gate.calls.map((call) => call.attempt)).toEqual([2]);
    expect(await worker.engine.recover()).toEqual([]);
  });

  test('a run that waits for a time nobody has written down (moved here) is found, and its time comes', async () => {
    const desk = await world.process({}, { works: false });
    const workflow = sampleWorkflow([
      sampleStep('ask', { kind: 'approval', prompt: 'Push?', deadlineMs: 1_500, default: 'deny' }),
    ]);
    const id = await startSample(desk.engine, workflow);
    await ask(`UPDATE ${world.schema}.runs SET wake_at = NULL`);
    const worker = await world.process({});
    expect(await worker.engine.recover()).toEqual([id]);
    await until('it is over', async () => (await desk.engine.get(id)).state.status === 'succeeded');
  });

  test('[WRK-30] a step that is a run of its own is shared like any other, also when who started it has gone', async () => {
    const inner = sampleWorkflow([sampleAction('a')], {
      name: 'inner',
      outputs: { got: '${{ steps.a.output }}' },
    });
    const outer = sampleWorkflow([
      sampleStep('sub', { kind: 'workflow', workflow: 'inner', with: {} }),
      sampleAction('b', {}, { got: '${{ steps.sub.output.got }}' }),
    ]);
    const desk = await world.process({}, { works: false });
    const id = await startSample(desk.engine, outer);
    await desk.engine.close(0);
    desk.die();
    const scripts = { 'sample/a': {}, 'sample/b': {} };
    const workers = await Promise.all([1, 2].map(() => world.process(scripts, { workflows: { inner } })));
    expect(await workers[0]?.engine.settled(id)).toMatchObject({ status: 'succeeded' });
    // Whichever of the two performed them: what came first is seen in what the second was given.
    const calls = workers.flatMap(({ gate }) => gate.calls);
    expect(new Map(calls.map((call) => [call.uses, call.input]))).toEqual(
      new Map([
        ['sample/b', { got: 'sample/a' }],
        ['sample/a', {}],
      ]),
    );
    expect(calls).toHaveLength(2);
  });

  test('a run inside another is cancelled with it', async () => {
    const inner = sampleWorkflow([sampleAction('a')], { name: 'inner' });
    const outer = sampleWorkflow([sampleStep('sub', { kind: 'workflow', workflow: 'inner', with: {} })]);
    const worker = await world.process(forever, { workflows: { inner } });
    const desk = await world.process({}, { works: false });
    const id = await startSample(desk.engine, outer);
    await until('the inner one is under way', () => worker.gate.underWay() === 1);
    await desk.engine.cancel(id, 'user:ada', 'enough');
    expect(await desk.engine.settled(id)).toMatchObject({ status: 'cancelled' });
    expect(worker.gate.underWay()).toBe(0);
    expect((await desk.engine.list({ workflow: 'inner' })).runs).toMatchObject([{ status: 'cancelled' }]);
  });

  test('the server restarts in the middle of everything, and nothing is lost or done twice [WRK-40]', async () => {
    const act: Script = { perform: async () => nap(5).then(() => succeed(1)) };
    const scripts = { 'sample/a': act, 'sample/b': act };
    const processes = await Promise.all([1, 2].map(() => world.process(scripts, { atOnce: 20 })));
    const workflow = sampleWorkflow([
      sampleAction('a'),
      sampleAction('b'),
      sampleStep('c', { kind: 'action', uses: 'sample/a', with: {} }),
    ]);
    const engine = processes[0]?.engine as NonNullable<(typeof processes)[0]>['engine'];
    const running = Array.from({ length: 100 }, async () => runSample(engine, workflow));
    await until('some are done', () => processes.reduce((sum, { gate }) => sum + gate.calls.length, 0) > 60);
    await server.kill();
    await nap(500);
    await server.start();
    const states = await Promise.all(running);
    expect(states.filter((state) => state.status === 'succeeded')).toHaveLength(100);
    const keys = processes.flatMap(({ gate }) =>
      gate.calls.map((call) => `${call.run} ${call.step} ${call.attempt}`),
    );
    expect(new Set(keys).size).toBe(keys.length);
  }, 60_000);
});
