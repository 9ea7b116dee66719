import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
});
