import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job, Work } from '../ports/dispatch.ts';
import { openPostgresStore } from '../stores/open-postgres-store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { openBossQueue } from './open-boss-queue.ts';

describe.skipIf(lacksPostgres())('the queue of many processes', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('that nobody has made is made once, however many open it at the same time', async () => {
    const failures: unknown[] = [];
    const opened = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const store = await openPostgresStore(server.url, 'many');
        const { shared } = store;
        const failed = (error: unknown) => failures.push(error);
        const queue = openBossQueue({ store: shared, schema: 'many_work', isLimited: () => false, failed });
        return { store, queue };
      }),
    );
    await Promise.all(
      opened.map(({ queue }) => Promise.all(['io', 'cpu', 'own'].map((name) => queue.prepare(name)))),
    );
    for (const { queue } of opened) expect(await queue.listClasses()).toEqual(['cpu', 'io', 'own']);
    for (const { queue, store } of opened) {
      await queue.close();
      await store.close();
    }
    expect(failures).toEqual([]);
  });

  test('a claim that never waited is given to another, with one death, when its process is silent [WRK-127]', async () => {
    const store = await openPostgresStore(server.url, 'silent');
    const { shared } = store;
    const queue = openBossQueue({
      store: shared,
      schema: 'silent_work',
      isLimited: () => false,
      failed: (error) => expect.unreachable(String(error)),
    });
    const data = { run: 'run_1', assignment: JSON.stringify({ task: 'perform', command: { step: 'a' } }) };
    const id = '00000000-0000-8000-8000-000000000001';
    const job = { id, class: 'io', priority: 7, data, expiresMs: 60_000, direct: true } as const;
    await queue.listClasses();
    await shared.transact((transaction) => queue.write(transaction, [{ jobs: [job] }]).lines);
    const claim = { id, class: 'io', deaths: 0, data, direct: true } as const;
    expect(await queue.listJobs('run_1')).toEqual([{ id, priority: 0, class: 'io', taken: true, step: 'a' }]);
    expect(await queue.touch([claim])).toEqual(new Set([id]));
    await queue.supervise();
    expect(await queue.take('io', 10)).toEqual([]);

    await shared.executeSql("UPDATE silent_work.direct SET beat_on = now() - interval '11 seconds'");
    await queue.supervise();
    expect(await queue.touch([claim])).toEqual(new Set());
    // What the one that was silent settles now is not what another has.
    await shared.transact((transaction) => queue.write(transaction, [{ settled: [claim] }]).lines);
    const { direct: _, ...taken } = claim;
    expect(await queue.take('io', 10)).toEqual([{ ...taken, deaths: 1 }]);
    expect(await queue.listJobs('run_1')).toEqual([{ id, priority: 7, class: 'io', taken: true, step: 'a' }]);
    await queue.close();
    await store.close();
  });

  test('what matters less is not passed by for ever: each 15 minutes count for one level, and nothing is written for it [WRK-125]', async () => {
    const store = await openPostgresStore(server.url, 'ageing');
    const { shared } = store;
    let now = Date.UTC(2026, 10, 27, 12, 1);
    const queue = openBossQueue({
      store: shared,
      schema: 'ageing_work',
      isLimited: () => false,
      failed: (error) => expect.unreachable(String(error)),
      now: () => now,
    });
    let jobs = 0;
    const handIn = async (priority: number, run: string) => {
      const id = `00000000-0000-8000-8000-${String(++jobs).padStart(12, '0')}`;
      const data = { run, assignment: JSON.stringify({ task: 'perform', command: { step: 'a' } }) };
      const job = { id, class: 'io', priority: priority * 10 + 9, data, expiresMs: 60_000 };
      await shared.transact((transaction) => queue.write(transaction, [{ jobs: [job] }]).lines);
      return id;
    };
    await queue.prepare('io');
    await handIn(-1, 'low');
    await handIn(-2, 'lower');
    const stored = async () =>
      (await shared.executeSql("SELECT id, priority FROM ageing_work.job WHERE state < 'active' ORDER BY id"))
        .rows;
    const [before] = await stored();
    const order: string[] = [];
    // As many come as are taken: there is always one of high priority.
    for (let minutes = 0; minutes < 60; minutes += 5) {
      await handIn(1, 'high');
      const [taken] = await queue.take('io', 1);
      order.push(String(taken?.data['run']));
      if (minutes === 25) expect((await stored())[0]).toEqual(before);
      now += 5 * 60_000;
    }
    expect(order.slice(0, 6)).toEqual(new Array(6).fill('high'));
    // Two levels below: after 30 minutes it matters as much as what comes then, and is older.
    expect(order[6]).toBe('low');
    // Three levels, and one that waits since the other was taken.
    expect(order.slice(7)).toEqual(['high', 'high', 'high', 'lower', 'high']);
    await queue.close();
    await store.close();
  });

  test('a priority is told and changed as it was given, however long a job has waited', async () => {
    const store = await openPostgresStore(server.url, 'told');
    const { shared } = store;
    const queue = openBossQueue({
      store: shared,
      schema: 'told_work',
      isLimited: () => false,
      failed: (error) => expect.unreachable(String(error)),
    });
    const data = { run: 'run_1', assignment: JSON.stringify({ task: 'perform', command: { step: 'a' } }) };
    const id = '00000000-0000-8000-8000-000000000001';
    await queue.prepare('io');
    const job = { id, class: 'io', priority: 17, data, expiresMs: 60_000 };
    await shared.transact((transaction) => queue.write(transaction, [{ jobs: [job] }]).lines);
    await queue.reorder([{ id, class: 'io', priority: -23 }]);
    expect(await queue.listJobs('run_1')).toMatchObject([{ id, priority: -23 }]);
    await shared.executeSql("UPDATE told_work.job SET created_on = created_on - interval '2 hours'");
    await queue.reorder([{ id, class: 'io', priority: 5 }]);
    expect(await queue.listJobs('run_1')).toMatchObject([{ id, priority: 5 }]);
    const later = { ...job, id: '00000000-0000-8000-8000-000000000002', priority: 75 };
    await shared.transact((transaction) => queue.write(transaction, [{ jobs: [later] }]).lines);
    // Two hours are eight levels.
    expect((await queue.take('io', 1)).map((claim) => claim.id)).toEqual([id]);
    await queue.close();
    await store.close();
  });

  describe('with shards', () => {
    const ids = (count: number) =>
      Array.from(
        { length: count },
        (_, index) => `00000000-0000-8000-8000-${String(index + 1).padStart(12, '0')}`,
      );
    const jobOf = (id: string, more: Partial<Job> = {}): Job => ({
      id,
      class: 'io',
      priority: 0,
      data: { run: 'run_1', assignment: '{}' },
      expiresMs: 60_000,
      ...more,
    });
    const rooms = { io: 4 };

    async function open(schema: string) {
      const store = await openPostgresStore(server.url, schema);
      const { shared } = store;
      const failed = (error: unknown) => expect.unreachable(String(error));
      const queue = openBossQueue({
        store: shared,
        schema: `${schema}_work`,
        isLimited: () => false,
        failed,
      });
      await queue.prepare('io');
      const write = (work: Work) => shared.transact((transaction) => queue.write(transaction, [work]).lines);
      const ask = async (sql: string) => (await shared.executeSql(sql)).rows;
      const close = () => queue.close().then(() => store.close());
      return { queue, write, ask, close };
    }

    test('one place is given to a shard, however many ask for it at the same time', async () => {
      const opened = await Promise.all([1, 2, 3, 4].map(() => open('asked')));
      await Promise.all(opened.map(({ queue }, index) => queue.shards.enter({ id: `p${index}`, rooms })));
      const shards = Array.from({ length: 40 }, (_, index) => ({ class: 'io', shard: `s${index % 20}` }));
      const answers = await Promise.all(opened.map(({ queue }) => queue.shards.assign(shards)));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(answers[0]?.slice(0, 20)).toEqual(answers[0]?.slice(20));
      const counts = new Map<string | undefined, number>();
      for (const place of answers[0]?.slice(0, 20) ?? []) counts.set(place, (counts.get(place) ?? 0) + 1);
      expect([...counts.values()]).toEqual([5, 5, 5, 5]);
      for (const { close } of opened) await close();
    });

    test('a class that nobody does has no place, and another class with the same shard has its own', async () => {
      const { queue, close } = await open('classes');
      await queue.shards.enter({ id: 'one', rooms: { io: 1 } });
      await queue.shards.enter({ id: 'all', rooms: { cpu: 1, '*': 1 } });
      const named = ['io', 'cpu', 'io', 'own'].map((name) => ({ class: name, shard: 'a\0' }));
      expect(await queue.shards.assign(named)).toEqual(['all', 'all', 'all', 'all']);
      await queue.shards.leave('all');
      expect(await queue.shards.assign(named)).toEqual(['one', undefined, 'one', undefined]);
      await close();
    });

    test('what waits for a place is taken there alone, in order, and is a claim like any other [WRK-127]', async () => {
      const { queue, write, ask, close } = await open('inorder');
      await queue.shards.enter({ id: 'p1', rooms });
      const [first = '', second = '', third = ''] = ids(3);
      const jobs = [jobOf(first), jobOf(second, { priority: 9 }), jobOf(third)];
      expect(await write({ jobs: jobs.map((job) => ({ ...job, place: 'p1' })) })).toEqual(['placed p1 io']);
      expect(await queue.take('io', 10)).toEqual([]);
      expect(await queue.shards.take('p2', 'io', 10)).toEqual({ claims: [], more: false });
      expect(await queue.isEmpty()).toBe(false);
      expect(await queue.listRuns()).toEqual(new Set(['run_1']));
      expect(await queue.waiting()).toMatchObject([{ class: 'io', waiting: 3 }]);
      expect(await queue.countAhead({ id: first, class: 'io' }, 10)).toBe(1);
      expect(await queue.shards.enter({ id: 'p1', rooms })).toEqual(['io']);
      const { claims, more } = await queue.shards.take('p1', 'io', 2);
      expect([claims.map(({ id }) => id), more]).toEqual([[second, first], true]);
      expect(await queue.touch(claims)).toEqual(new Set([first, second]));
      expect(await queue.withdraw([first, third])).toEqual([third]);
      // Never begun: as if it had not been taken, for anybody.
      await queue.giveBack(claims.slice(1));
      expect(await queue.take('io', 10)).toMatchObject([{ id: first, deaths: 0 }]);
      // Its process is silent, which is a death.
      await ask("UPDATE inorder_work.direct SET beat_on = now() - interval '11 seconds'");
      await queue.supervise();
      expect(await queue.take('io', 10)).toMatchObject([{ id: second, deaths: 1 }]);
      await close();
    });

    test('a place that says nothing while work waits for it is gone; an idle one is given longer [WRK-127]', async () => {
      const { queue, write, ask, close } = await open('gone');
      for (const id of ['silent', 'idle', 'lively']) await queue.shards.enter({ id, rooms });
      await ask(
        "UPDATE gone_work.places SET beat_on = now() - interval '11 seconds' WHERE place <> 'lively'",
      );
      const [id = '', other = ''] = ids(2);
      await write({ jobs: [jobOf(id, { place: 'silent' }), jobOf(other, { place: 'lively' })] });
      await queue.supervise();
      expect(await queue.take('io', 10)).toEqual([]);
      await ask("UPDATE gone_work.placed SET created_on = now() - interval '11 seconds'");
      await queue.supervise();
      expect(await ask('SELECT place FROM gone_work.places ORDER BY 1')).toEqual([
        { place: 'idle' },
        { place: 'lively' },
      ]);
      const taken = await queue.take('io', 10);
      expect(taken).toMatchObject([{ id, deaths: 0 }]);
      // Where it was taken it does not belong: it waits for its place again, once.
      await queue.shards.pass(taken.map((claim) => ({ claim, place: 'lively' })));
      await queue.shards.pass(taken.map((claim) => ({ claim, place: 'idle' })));
      expect((await queue.shards.take('lively', 'io', 10)).claims.map((claim) => claim.id).sort()).toEqual([
        id,
        other,
      ]);
      expect(await queue.take('io', 10)).toEqual([]);
      await close();
    });

    test('a store on which earlier ones shared their work gets what is new', async () => {
      const before = await open('earlier');
      await before.ask('DROP TABLE earlier_work.placed, earlier_work.shards, earlier_work.places');
      await before.close();
      const { queue, close } = await open('earlier');
      expect(await queue.shards.enter({ id: 'p1', rooms })).toEqual([]);
      expect(await queue.shards.assign([{ class: 'io', shard: 'a' }])).toEqual(['p1']);
      expect(await queue.shards.list(10)).toEqual([{ class: 'io', shard: 'a', place: 'p1' }]);
      await close();
    });
  });
});
