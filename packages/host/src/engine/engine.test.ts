import type { RunEvent } from '@cadre/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SharedStore } from '../ports/shared-journal.ts';
import type { Store } from '../ports/store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { succeed } from '../testing/scripted-gate.ts';
import { gather, openWorld, runSample, startSample, type World } from './testing/world.ts';

let server: PostgresServer | undefined;
let world: World;
const lacking = lacksPostgres();
beforeAll(async () => {
  if (!lacking) server = await startPostgres();
});
afterAll(() => server?.close());

describe.each(['on one machine', ...(lacking ? [] : ['on many'])])('%s', (size) => {
  beforeEach(() => {
    world = openWorld(size === 'on many' ? server?.url : undefined);
  });
  afterEach(() => world.close());

  describe('a run', () => {
    test('goes through its steps in order and ends with its output', async () => {
      const { engine, gate } = await world.process({ 'sample/a': {}, 'sample/b': {} });
      const workflow = sampleWorkflow(
        [sampleAction('a'), sampleAction('b', {}, { from: '${{ steps.a.output }}' })],
        {
          outputs: { all: '${{ steps.b.output }}' },
        },
      );
      const state = await runSample(engine, workflow);
      expect(state).toMatchObject({ status: 'succeeded', output: { all: 'sample/b' } });
      expect(gate.calls.map((call) => [call.step, call.input])).toEqual([
        ['a', {}],
        ['b', { from: 'sample/a' }],
      ]);
    });

    test('appends a result together with the step that follows from it [WRK-40]', async () => {
      const appends: string[][] = [];
      const { engine } = await world.process(
        { 'sample/a': {}, 'sample/b': {} },
        {
          wrap: (store) => noteAppends(store, (types) => appends.push(types)),
        },
      );
      await runSample(engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
      expect(appends).toEqual([
        ['run.created', 'run.started', 'step.started'],
        ['step.succeeded', 'step.started'],
        ['step.succeeded', 'run.succeeded'],
      ]);
    });

    test('gives its lease back when it is over', async () => {
      const { engine, store } = await world.process({ 'sample/a': {} });
      await runSample(engine, sampleWorkflow([sampleAction('a')]));
      await engine.close();
      expect(await store.leases.list()).toEqual([]);
    });

    test('without any step succeeds at once', async () => {
      const { engine } = await world.process({});
      expect(await runSample(engine, sampleWorkflow([]))).toMatchObject({ status: 'succeeded' });
    });

    test('performs no more attempts at once than it may', async () => {
      let most = 0;
      const { engine, gate } = await world.process(
        {
          'sample/a': {
            perform: async () => {
              most = Math.max(most, gate.underWay());
              await new Promise(setImmediate);
              return succeed(null);
            },
          },
        },
        { atOnce: 3 },
      );
      const branches = Array.from({ length: 20 }, (_, index) =>
        sampleStep(`s${index}`, { kind: 'action', uses: 'sample/a', with: {} }),
      );
      const state = await runSample(
        engine,
        sampleWorkflow([sampleStep('all', { kind: 'parallel', branches })]),
      );
      expect(state.status).toBe('succeeded');
      expect(most).toBe(3);
    });

    test('hands the gate what it must know of the call', async () => {
      const { engine, gate } = await world.process({ 'sample/a': {} });
      const step = sampleAction('a', { permissions: ['fs:read:.'], env: { A: 'b' } });
      const id = await startSample(engine, sampleWorkflow([step], { permissions: ['fs:write:.'] }));
      await engine.settled(id);
      expect(gate.calls[0]).toMatchObject({
        run: id,
        step: 'a',
        attempt: 1,
        uses: 'sample/a',
        mode: 'apply',
        principal: 'user:ada',
        permissionSets: [['fs:write:.'], ['fs:read:.']],
        env: { A: 'b' },
        idempotencyKey: `${id}/a`,
      });
    });
  });

  describe('a start is refused, and nothing is kept,', () => {
    test('when a step is of a kind that is not built', async () => {
      const { engine } = await world.process({});
      const workflow = sampleWorkflow([
        sampleStep('w', { kind: 'unbuilt', key: 'wait', written: { wait: '1h' } }),
      ]);
      await expect(startSample(engine, workflow)).rejects.toMatchObject({
        code: 'not_built_yet',
        message: expect.stringContaining('wait'),
      });
      expect((await engine.list({})).runs).toEqual([]);
    });

    test('when an input does not fit', async () => {
      const { engine } = await world.process({});
      const workflow = sampleWorkflow([], { inputs: { count: { type: 'integer' } } });
      await expect(startSample(engine, workflow, { count: 'many' })).rejects.toMatchObject({
        code: 'invalid_input',
      });
      await expect(startSample(engine, workflow)).rejects.toMatchObject({ code: 'invalid_input' });
      expect((await engine.list({})).runs).toEqual([]);
    });
  });

  describe('a run is run again', () => {
    test('from a step, with the results before it, and says what it reuses', async () => {
      const { engine, gate } = await world.process({ 'sample/a': {}, 'sample/b': {}, 'sample/c': {} });
      const workflow = sampleWorkflow([sampleAction('a'), sampleAction('b'), sampleAction('c')]);
      const first = await startSample(engine, workflow);
      await engine.settled(first);
      const again = await engine.rerun(first, 'b', 'user:bob');
      expect(await engine.settled(again)).toMatchObject({ status: 'succeeded', principal: 'user:bob' });
      expect(gate.calls.slice(3).map((call) => call.step)).toEqual(['b', 'c']);
      expect((await engine.get(again)).state).toMatchObject({
        reused: { run: first, steps: { a: 'sample/a' } },
      });
      await expect(engine.rerun(first, 'x', 'user:bob')).rejects.toMatchObject({
        code: 'invalid_input',
        hint: /a, b, c/,
      });
    });

    test('of a graph takes over only what was over when the step began', async () => {
      const { engine, gate } = await world.process({ 'sample/a': {}, 'sample/b': {}, 'sample/c': {} });
      const workflow = sampleWorkflow(
        [sampleAction('c', { needs: ['b'] }), sampleAction('b', { needs: ['a'] }), sampleAction('a')],
        {
          mode: 'graph',
        },
      );
      const first = await startSample(engine, workflow);
      await engine.settled(first);
      await engine.settled(await engine.rerun(first, 'b', 'user:ada'));
      expect(gate.calls.slice(3).map((call) => call.step)).toEqual(['b', 'c']);
    });
  });

  describe('whoever watches a run', () => {
    test('sees every event once, with the lines between them, until the end', async () => {
      const { engine } = await world.process({
        'sample/a': {
          perform: (_call, _signal, observer) => {
            observer.log({ level: 'info', message: 'hello' });
            return succeed(null);
          },
        },
      });
      const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
      const seen = await gather(engine.watch(id, 0));
      const words = seen.map((item) => (item.kind === 'event' ? item.event.type : item.kind));
      expect(words).toEqual([
        'run.created',
        'run.started',
        'step.started',
        'log',
        'step.succeeded',
        'run.succeeded',
      ]);
      expect(await gather(engine.watch(id, 0))).toEqual(seen);
      const later = await gather(engine.watch(id, 3));
      expect(later.filter((item) => item.kind === 'event')).toHaveLength(2);
      expect(await gather(engine.watch(id, 5))).toEqual([]);
      expect((await gather(engine.events(id))).map((event) => event.type)).toEqual(
        words.filter((word) => word !== 'log'),
      );
    });

    test('is told everything, however much there is, also when the run is over already', async () => {
      const { engine } = await world.process({
        'sample/a': {
          perform: async (_call, _signal, observer) => {
            for (let line = 0; line < 2_000; line++)
              observer.log({ level: 'debug', message: `line ${line}` });
            return succeed(null);
          },
        },
      });
      const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
      await engine.settled(id);
      const seen = await gather(engine.watch(id, 0));
      expect(seen.filter((item) => item.kind === 'log')).toHaveLength(2_000);
      expect(seen.filter((item) => item.kind === 'event')).toHaveLength(5);
    });

    test('is told how far a step is while it goes on, and stops when they like', async () => {
      const controller = new AbortController();
      const { engine } = await world.process({
        'sample/a': {
          perform: async (_call, signal, observer) => {
            while (!signal.aborted) {
              observer.progress({ done: 1, total: 2 });
              await new Promise(setImmediate);
            }
            return succeed(null);
          },
        },
      });
      const id = await startSample(engine, sampleWorkflow([sampleAction('a')]));
      const progress = [];
      for await (const item of engine.watch(id, 0, controller.signal)) {
        if (item.kind !== 'progress') continue;
        progress.push(item);
        controller.abort();
      }
      expect(progress).toEqual([{ kind: 'progress', step: 'a', progress: { done: 1, total: 2 } }]);
      await engine.cancel(id, 'user:ada', 'enough');
    });

    test('a run that there is not is told so', async () => {
      const { engine } = await world.process({});
      const missing = { code: 'run_not_found' };
      await expect(gather(engine.watch('run_x', 0))).rejects.toMatchObject(missing);
      await expect(gather(engine.events('run_x'))).rejects.toMatchObject(missing);
      await expect(engine.get('run_x')).rejects.toMatchObject(missing);
      await expect(engine.settled('run_x')).rejects.toMatchObject(missing);
      await expect(engine.resume('run_x')).rejects.toMatchObject(missing);
      await expect(engine.cancel('run_x', 'a', 'b')).rejects.toMatchObject(missing);
      await expect(engine.rerun('run_x', 'a', 'b')).rejects.toMatchObject(missing);
    });
  });
});

/** The types of the events of each append, whichever way it goes. */
function noteAppends(store: Store, note: (types: string[]) => void): Store {
  const typesOf = (events: readonly RunEvent[]) => events.map((event) => event.type);
  const { runs, shared } = store;
  const noted: Store = {
    ...store,
    runs: {
      ...runs,
      create: (id, events) => {
        note(typesOf(events));
        return runs.create(id, events);
      },
      append: (id, expected, events, fence) => {
        note(typesOf(events));
        return runs.append(id, expected, events, fence);
      },
    },
  };
  if (shared === undefined) return noted;
  const openJournal: SharedStore['openJournal'] = (alongside) => {
    const journal = shared.openJournal(alongside);
    return {
      ...journal,
      advance: (turn) => {
        note(typesOf(turn.events));
        return journal.advance(turn);
      },
    };
  };
  return { ...noted, shared: { ...shared, openJournal } };
}
