import { checkValue, envelopeSchema, extensionStream } from '@cadre/core';
import type { Envelope } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { gather, openWorld, runSample, startSample, type World } from '../engine/testing/world.ts';
import type { Store } from '../ports/store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { created, started, succeeded } from '../testing/sample-events.ts';
import { retryTimes, sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, succeed } from '../testing/scripted-gate.ts';
import { until } from '../testing/until.ts';
import { type Events, type Followed, openEvents } from './open-events.ts';
import { formatPlace, parsePlace } from './place.ts';

let server: PostgresServer | undefined;
const lacking = lacksPostgres();
beforeAll(async () => {
  if (!lacking) server = await startPostgres();
});
afterAll(() => server?.close());

describe.each(['on one machine', ...(lacking ? [] : ['on many'])])('events %s', (size) => {
  let world: World;
  const open: Events[] = [];
  const warned: string[] = [];
  beforeEach(() => {
    world = openWorld(size === 'on many' ? server?.url : undefined);
  });
  afterEach(async () => {
    for (const events of open.splice(0)) events.close();
    await world.close();
    warned.splice(0);
  });

  function eventsOf(store: Store, heard: (hear: () => void) => () => void = () => () => undefined): Events {
    const events = openEvents({
      store,
      workspace: 'shop',
      clock: systemClock(),
      heard,
      warn: (text, { topic, error }) => warned.push(`${text}: ${topic} ${error}`),
    });
    open.push(events);
    return events;
  }

  const allOf = async (events: Events, stream: string, after = 0) =>
    (await gather(await events.follow({ stream, after: String(after), wait: false }))).map(
      ({ envelope }) => envelope,
    );
  /** So many, whenever they come: what others have not finished writing may hide the last ones for a moment. */
  async function take(events: Events, count: number, after = 'start'): Promise<Followed[]> {
    const taken: Followed[] = [];
    if (count === 0) return taken;
    for await (const followed of await events.follow({ after })) {
      if (taken.push(followed) === count) break;
    }
    return taken;
  }
  const works: Record<string, Script> = { 'sample/a': {} };
  const workflow = sampleWorkflow([sampleAction('a')]);

  test('have one shape, whatever they tell of [WRK-42]', async () => {
    const { engine, store } = await world.process(works);
    const events = eventsOf(store);
    const id = await startSample(engine, workflow);
    await engine.settled(id);
    await store.audit.append({
      at: 1_700_000_000_000,
      principal: 'user:ada',
      run: id,
      step: 'a',
      worker: 'sample',
      action: 'a',
      operation: 'call',
      decision: 'allowed',
      rule: 'apply',
    });
    await store.events.emit({ id: 'e1', at: 1, topic: 'card.moved', by: 'user:ada', data: { to: 'done' } });
    const all = (await take(events, 7)).map(({ envelope }) => envelope);
    const schema = envelopeSchema();
    for (const event of all) expect(checkValue(schema, event as never), event.topic).toEqual([]);
    expect(new Set(all.map(({ id: each }) => each)).size).toBe(all.length);
    const trace = all.find(({ topic }) => topic === 'run.created')?.trace;
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    const common = { v: 1, workspace: 'shop', card: null, conversation: null, actor: 'user:ada' };
    const ofRun = { ...common, run: id, trace, time: expect.any(String) };
    expect(all.find(({ topic }) => topic === 'step.succeeded')).toEqual({
      ...ofRun,
      id: `${id}#4`,
      topic: 'step.succeeded',
      stream: id,
      number: 4,
      step: 'a',
      data: { output: 'sample/a' },
    });
    expect(all.find(({ stream }) => stream === 'audit')).toEqual({
      ...ofRun,
      id: 'audit#1',
      topic: 'call.allowed',
      stream: 'audit',
      number: 1,
      step: 'a',
      time: '2023-11-14T22:13:20.000Z',
      data: { worker: 'sample', action: 'a', rule: 'apply' },
    });
    expect(all.find(({ stream }) => stream === 'emitted')).toEqual({
      ...common,
      id: 'emitted#1',
      topic: 'card.moved',
      stream: 'emitted',
      number: 1,
      run: null,
      step: null,
      trace: null,
      time: '1970-01-01T00:00:00.001Z',
      data: { event: 'e1', value: { to: 'done' } },
    });
  });

  test('are heard by topic and condition; who fails, waits for ever or has gone harms nobody [WRK-46]', async () => {
    const { engine, store } = await world.process(works);
    const events = eventsOf(store, engine.hear);
    const heard: Record<string, string[]> = { run: [], all: [], step: [], filtered: [], gone: [] };
    const hear = (name: string) => (event: Envelope) => void heard[name]?.push(event.topic);
    await events.subscribe('run.*', hear('run'));
    await events.subscribe('**', () => {
      throw new Error('broken');
    });
    await events.subscribe('**', () => new Promise(() => undefined));
    await events.subscribe('step.**', hear('step'), { filter: 'event.data.output == "sample/a"' });
    await events.subscribe('**', hear('filtered'), { filter: 'event.data.nothing.there == 1' });
    const gone = await events.subscribe('**', hear('gone'));
    gone.unsubscribe();
    const once = events.once('run.succeeded');
    await runSample(engine, workflow);
    expect(await once).toMatchObject({ topic: 'run.succeeded' });
    await until('all is heard', () => heard['run']?.length === 3 && heard['step']?.length === 1);
    expect(heard).toEqual({
      run: ['run.created', 'run.started', 'run.succeeded'],
      all: [],
      step: ['step.succeeded'],
      filtered: [],
      gone: [],
    });
    await until('each failure is told', () => warned.length === 5);
    expect(warned[0]).toBe('a listener failed: run.created broken');
    await expect(events.subscribe('**', hear('all'), { filter: 'event.' })).rejects.toMatchObject({
      code: 'invalid_expression',
    });
  });

  test('whoever names what they have read last gets exactly what they missed, on any process [WRK-43]', async () => {
    const one = await world.process(works);
    const two = await world.process(works);
    const ids = [];
    for (let index = 0; index < 4; index += 1) ids.push(await startSample(one.engine, workflow));
    for (const id of ids) await one.engine.settled(id);
    const here = eventsOf(one.store);
    const there = eventsOf(two.store);
    const all = await take(here, 20);
    for (const [index, { after }] of all.entries()) {
      const rest = await take(there, 19 - index, after);
      expect(rest.map(({ envelope }) => envelope)).toEqual(
        all.slice(index + 1).map(({ envelope }) => envelope),
      );
    }
    const [first = ''] = ids;
    expect((await allOf(there, first, 3)).map(({ number }) => number)).toEqual([4, 5]);
    await expect(here.follow({ after: 'soon' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(here.follow({ stream: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a place whose last event was removed is refused, since nobody knows what came after it', async () => {
    const { store } = await world.process(works);
    const events = eventsOf(store);
    await store.runs.putDefinition('h1', workflow, 1);
    await store.runs.create('run_1', [created(1), started(1), succeeded(2)]);
    const [last] = (await take(events, 3)).slice(-1);
    await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 9), 3);
    await store.runs.create('run_2', [created(1), started(1), succeeded(2)]);
    await expect(events.follow({ after: last?.after ?? '' })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(parsePlace(formatPlace({ id: 1, key: 2, streams: 3, audit: 4 }))).toEqual({
      id: 1,
      key: 2,
      streams: 3,
      audit: 4,
    });
  });

  test('where nobody listens nothing is read [WRK-46]', async () => {
    let asked = 0;
    const { engine, store } = await world.process(works);
    const counting: Store = {
      ...store,
      streams: {
        ...store.streams,
        readWritten(...given) {
          asked += 1;
          return store.streams.readWritten(...given);
        },
      },
    };
    let listening = 0;
    const events = eventsOf(counting, () => {
      listening += 1;
      return () => {
        listening -= 1;
      };
    });
    await runSample(engine, workflow);
    expect([asked, listening]).toEqual([0, 0]);
    const both = [
      events.once('run.created', { after: 'start' }),
      events.once('run.started', { after: 'start' }),
    ];
    await Promise.all(both);
    // Those at one place share a question.
    expect([asked, listening]).toEqual([1, 0]);
  });

  test('parts of a result are followed while they come, and closed by one end mark [WRK-43]', async () => {
    const says: Record<string, Script> = {
      'sample/a': {
        async perform(_call, _signal, observer) {
          await Promise.all(['Good ', 'mörning', { n: 1 }].map((piece) => observer.extend?.(piece)));
          return succeed('Good mörning');
        },
      },
    };
    const { engine, store } = await world.process(says);
    const events = eventsOf(store, engine.hear);
    const id = await startSample(engine, workflow);
    const stream = extensionStream(id, 'a', 1);
    const following = events.follow({ stream }).then(gather);
    const settled = engine.settled(id);
    if (size !== 'on many') await world.clock.advance(100);
    await settled;
    const seen = (await following).map(({ envelope }) => envelope);
    expect(seen.map(({ number, data }) => [number, data])).toEqual([
      [1, { attempt: 1, index: 0, offset: 0, piece: 'Good ' }],
      [2, { attempt: 1, index: 1, offset: 5, piece: 'mörning' }],
      [3, { attempt: 1, index: 2, offset: 13, piece: { n: 1 } }],
      [4, { attempt: 1, index: 3, offset: 20, end: 'succeeded' }],
    ]);
    expect(seen[0]).toMatchObject({ topic: 'step.extended', run: id, step: 'a', stream });
    // Who comes late sees the same.
    expect(await allOf(events, stream)).toEqual(seen);
    expect(await allOf(events, stream, 2)).toEqual(seen.slice(2));
    expect(await store.streams.listOpen(id)).toEqual([]);
  });

  test('each attempt has a stream of its own, and of one that failed the parts stay [WRK-43]', async () => {
    let attempts = 0;
    const says: Record<string, Script> = {
      'sample/a': {
        async perform(_call, _signal, observer) {
          attempts += 1;
          void observer.extend?.(`attempt ${attempts}`);
          if (attempts > 1) return succeed('fine');
          return { ok: false, failure: { code: 'x', message: 'no', retryable: true } };
        },
      },
    };
    const { engine, store } = await world.process(says);
    const again = sampleWorkflow([sampleAction('a', { retry: retryTimes(2, 0) })]);
    const id = await startSample(engine, again);
    const settled = engine.settled(id);
    if (size !== 'on many') await world.clock.advance(1_000);
    await settled;
    const events = eventsOf(store);
    const ends = async (attempt: number) =>
      (await allOf(events, extensionStream(id, 'a', attempt))).map(
        ({ data }) => data['piece'] ?? data['end'],
      );
    expect([await ends(1), await ends(2)]).toEqual([
      ['attempt 1', 'failed'],
      ['attempt 2', 'succeeded'],
    ]);
  });
});

test('after a crash the parts that were stored are all there, once, and are closed by whoever reads them [WRK-43]', async () => {
  const world = openWorld();
  const forever = new Promise<never>(() => undefined);
  const dying = await world.process({
    'sample/a': {
      async perform(_call, _signal, observer) {
        for (const piece of ['one ', 'two ']) void observer.extend?.(piece);
        return forever;
      },
    },
  });
  const id = await startSample(dying.engine, sampleWorkflow([sampleAction('a')]));
  await world.clock.advance(100);
  dying.die();
  const heir = await world.process({ 'sample/a': {} });
  await heir.engine.recover();
  await heir.engine.settled(id);
  const events = openEvents({
    store: heir.store,
    workspace: 'shop',
    clock: systemClock(),
    heard: () => () => undefined,
    warn: () => undefined,
  });
  const stream = extensionStream(id, 'a', 1);
  const read = async () =>
    (await gather(await events.follow({ stream }))).map(({ envelope: { number, data } }) => [
      number,
      data['piece'] ?? data['end'],
    ]);
  const both = await Promise.all([read(), read()]);
  const wanted = [
    [1, 'one '],
    [2, 'two '],
    [3, 'failed'],
  ];
  expect(both).toEqual([wanted, wanted]);
  // The one that everybody took for dead is late.
  const late = { at: 1, topic: 'step.extended', data: {} };
  expect(await dying.store.streams.extend(id, stream, 3, [late])).toBe(false);
  expect(await read()).toEqual(wanted);
  events.close();
  await world.close();
});
