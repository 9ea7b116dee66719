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
});
