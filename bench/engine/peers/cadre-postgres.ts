import { join } from 'node:path';
import { systemClock } from '../../../packages/host/src/clock.ts';
import { createPlaces } from '../../../packages/host/src/dispatch/create-places.ts';
import { openBossQueue } from '../../../packages/host/src/dispatch/open-boss-queue.ts';
import { openEngine } from '../../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../../packages/host/src/engine/holder.ts';
import { openPostgresStore } from '../../../packages/host/src/stores/open-postgres-store.ts';
import { startPostgres } from '../../../packages/host/src/testing/postgres-server.ts';
import { nothing, runner } from './cadre.ts';
import type { Peer } from './peer.ts';

/** As in the measurements that this design was chosen by. */
const AT_ONCE = 400;

/** The engine on a private PostgreSQL server that syncs every commit. */
export const cadrePostgres: Peer = {
  name: 'cadre-postgres',
  async open() {
    const server = await startPostgres({ sync: true });
    const process = await openShared(server.url, 'bench');
    process.engine.work();
    return {
      run: runner(process.engine),
      async close() {
        await process.close();
        await server.close();
      },
    };
  },
};

export async function openShared(url: string, schema: string) {
  const clock = systemClock();
  const store = await openPostgresStore(url, schema);
  const { shared } = store;
  const warn = (error: unknown) => console.error(error);
  const engine = openEngine({
    store,
    gate: nothing,
    clock,
    places: createPlaces(() => AT_ONCE),
    workspace: { id: 'bench', root: join('/', 'bench') },
    holder: thisProcess(clock.newId('process')),
    sharing: {
      shared,
      queue: openBossQueue({ store: shared, schema: `${schema}_work`, isLimited: () => false, failed: warn }),
      knownClasses: ['io'],
      everywhere: () => undefined,
      warn,
    },
  });
  return {
    engine,
    async close() {
      await engine.close();
      await store.close();
    },
  };
}
