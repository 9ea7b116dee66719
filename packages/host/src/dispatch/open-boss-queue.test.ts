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
});
