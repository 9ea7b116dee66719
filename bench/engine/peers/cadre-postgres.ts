import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
    const own = await openShared(server.url, 'bench');
    own.engine.work();
    return {
      run: runner(own.engine),
      async close() {
        await own.close();
        await server.close();
      },
    };
  },
};

const WORKER = fileURLToPath(new URL('./postgres-worker.ts', import.meta.url));

/** One process hands in and follows, two others perform. */
export const cadrePostgresWorkers: Peer = {
  name: 'cadre-postgres-2-workers',
  async open() {
    const server = await startPostgres({ sync: true });
    const desk = await openShared(server.url, 'bench');
    const workers = await Promise.all([1, 2].map(() => startWorker(server.url)));
    return {
      run: runner(desk.engine),
      async close() {
        await Promise.all(workers.map(end));
        await desk.close();
        await server.close();
      },
    };
  },
};

async function startWorker(url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [WORKER, url, 'bench'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

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
