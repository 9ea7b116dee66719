import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { openWorld, startSample } from '../engine/testing/world.ts';
import type { Wire } from '../ports/wire.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { lacksRedis, REDIS_PASSWORD, type RedisServer, startRedis } from '../testing/redis-server.ts';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { until } from '../testing/until.ts';
import { openEvents } from './open-events.ts';
import { openRedisWire } from './open-redis-wire.ts';

describe.skipIf(lacksRedis())('Redis', () => {
  let redis: RedisServer;
  const wires: Wire[] = [];
  const warned: string[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const wire of wires.splice(0)) await wire.close();
    warned.splice(0);
  });
  afterAll(() => redis.close());

  const open = (name = 'shop') => {
    const wire = openRedisWire({ url: redis.url, name, warn: (text) => warned.push(text) });
    wires.push(wire);
    return wire;
  };
  const hearingOf = (wire: Wire) => {
    const heard: (string | undefined)[] = [];
    wire.listen((line) => heard.push(line));
    return heard;
  };

  test('tells what happened to all who share a store, and to nobody else', async () => {
    const [one, two, other] = [open(), open(), open('other')];
    const heard = [one, two, other].map(hearingOf);
    await until('all listen', () => heard.every((lines) => lines.includes(undefined)));
    one.publish(['run run_1', 'work cpu']);
    const lines = (index: number) => heard[index]?.filter((line) => line !== undefined);
    await until('both have heard', () => lines(0)?.length === 2 && lines(1)?.length === 2);
    expect(lines(1)).toEqual(['run run_1', 'work cpu']);
    expect(lines(2)).toEqual([]);
  });

  test('that goes away is never waited for; when it is back it is said that something may have been missed', async () => {
    const [one, two] = [open(), open()];
    const heard = hearingOf(two);
    await until('it listens', () => heard.length > 0);
    await redis.kill();
    await until('that is noticed', () => warned.length > 0);
    one.publish(['lost']);
    heard.splice(0);
    await redis.start();
    await until('it is back', () => heard.includes(undefined));
    await until('it is heard again', () => {
      one.publish(['found']);
      return heard.includes('found');
    });
    expect(heard).not.toContain('lost');
    expect(warned.join('\n')).toMatch(/^Redis does not answer: \w+\n/);
    expect(warned.join('\n')).not.toContain(REDIS_PASSWORD);
  });

  describe.skipIf(lacksPostgres())('between processes', () => {
    let postgres: PostgresServer;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.close());

    test('nothing is lost when it is killed: work goes on, and whoever follows catches up from their number [WRK-42]', async () => {
      const world = openWorld(postgres.url);
      const scripts = { 'sample/a': {}, 'sample/b': {} };
      const wire = () => openRedisWire({ url: redis.url, name: world.schema, warn: () => undefined });
      const hands = await world.process(scripts, { works: false, wire: wire() });
      const performs = await world.process(scripts, { wire: wire() });
      const workflow = sampleWorkflow([sampleAction('a'), sampleAction('b')]);
      const events = openEvents({
        store: hands.store,
        workspace: 'shop',
        clock: systemClock(),
        heard: hands.engine.hear,
        warn: () => undefined,
      });
      const seen: string[] = [];
      await events.subscribe('**', ({ id }) => void seen.push(id));
      const runs: string[] = [];
      const runOne = async () => {
        const id = await startSample(hands.engine, workflow);
        runs.push(id);
        expect(await hands.engine.settled(id)).toMatchObject({ status: 'succeeded' });
      };
      await runOne();
      await redis.kill();
      await runOne();
      await runOne();
      await redis.start();
      await runOne();
      const wanted = (
        await Promise.all(
          runs.map(async (run) =>
            (await performs.store.runs.readEvents(run, 0)).map(({ number }) => `${run}#${number}`),
          ),
        )
      ).flat();
      await until('all is seen', () => seen.length >= wanted.length);
      expect([...seen].sort()).toEqual([...wanted].sort());
      expect(performs.gate.calls).toHaveLength(8);
      events.close();
      await world.close();
    });
  });
});
