import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  gather,
  openWorld,
  type SimulatedProcess,
  startSample,
  type World,
} from '../../src/engine/testing/world.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { retryTimes, sampleStep, sampleWorkflow } from '../../src/testing/sample-workflow.ts';
import { isRunningBelow, kill, openSharedPlace, type SharedPlace } from './cadre-process.ts';
import { lacksNetworks, openSeparateNetwork, type SeparateNetwork } from './separate-network.ts';

const sleeping = (seconds: string) =>
  sampleWorkflow([
    sampleStep(
      'sleeps',
      { kind: 'action', uses: 'shell/run', with: { command: `sleep ${seconds}` } },
      { class: 'cpu', retry: { ...retryTimes(3, 0), on: ['interrupted'] } },
    ),
  ]);

describe.skipIf(lacksPostgres() || lacksNetworks())(
  'a worker process that is cut off from the database',
  () => {
    let network: SeparateNetwork;
    let server: PostgresServer;
    let place: SharedPlace;
    let world: World;
    let desk: SimulatedProcess;
    let far = '';
    beforeEach(async () => {
      network = openSeparateNetwork();
      server = await startPostgres({ address: network.address });
      far = `postgres://cadre@${network.address}/postgres`;
      place = openSharedPlace();
      for (const permission of ['shell:*', 'fs:read:.', 'fs:write:.', 'net:*:*']) {
        place.run(server.url, 'grant', 'add', 'shell', permission);
      }
      world = openWorld(server.url, place.schema);
      desk = await world.process({ 'shell/run': { traits: { class: 'cpu' } } }, { works: false });
    });
    afterEach(async () => {
      await world.close();
      await place.close();
      await server.close();
      network.close();
    });

    const events = async (run: string) => gather(desk.engine.events(run));
    const kinds = async (run: string) => (await events(run)).map(({ type }) => type);

    test('loses its attempt once, the run goes on elsewhere, and it neither performs on nor appends [WRK-40] [WRK-127]', async () => {
      const cutOff = place.start(far, ['work', '--class', 'cpu'], network.inside);
      const run = await startSample(desk.engine, sleeping('14.0625'));
      await place.until('it performs', () => isRunningBelow(cutOff, 'sleep 14.0625'), 30_000);
      const other = place.start(server.url, ['serve', '--no-http']);
      await place.until(
        'the other is there',
        async () => (await desk.store.leases.list()).length > 1,
        30_000,
      );
      network.cut();
      await place.until(
        'its attempt is lost',
        async () => (await kinds(run)).includes('step.interrupted'),
        30_000,
      );
      await place.until('it has stopped by itself', () => !isRunningBelow(cutOff, 'sleep 14.0625'), 30_000);
      await place.until('the other performs', () => isRunningBelow(other, 'sleep 14.0625'), 30_000);
      network.mend();
      await place.until(
        'the run is over',
        async () => (await desk.engine.get(run)).state.status === 'succeeded',
        60_000,
      );
      const lost = await kinds(run);
      expect(lost.filter((type) => type === 'step.interrupted')).toHaveLength(1);
      expect(lost.filter((type) => type === 'step.started')).toHaveLength(2);

      // It is back, and works on; what it had lost is not heard of again.
      await kill(other);
      const next = await startSample(desk.engine, sleeping('0.0625'));
      await place.until(
        'it works again',
        async () => (await desk.engine.get(next)).state.status === 'succeeded',
        60_000,
      );
      expect(await kinds(run)).toEqual(lost);
    }, 240_000);
  },
);
