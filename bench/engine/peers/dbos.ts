import { startPostgres } from '../../../packages/host/src/testing/postgres-server.ts';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';

/** A workflow function whose steps it keeps in PostgreSQL. */
export const dbos: Peer = {
  name: 'dbos',
  lacks: lacking(['@dbos-inc/dbos-sdk'], { initdb: 'postgresql' }),
  async open() {
    const { DBOS } = await importPeer('@dbos-inc/dbos-sdk');
    const server = await startPostgres({ sync: true });
    const workflow = DBOS.registerWorkflow(
      async (steps: number) => {
        for (let step = 1; step <= steps; step++) {
          await DBOS.runStep(async () => ({ ok: step }), { name: `step-${step}` });
        }
      },
      { name: 'steps' },
    );
    DBOS.setConfig({
      name: 'bench',
      // It wants a host in the address; the folder of the socket, behind it, is what counts.
      systemDatabaseUrl: server.url.replace('@/', '@localhost/'),
      logLevel: 'error',
    });
    await DBOS.launch();
    let runs = 0;

    return {
      async run(steps) {
        const handle = await DBOS.startWorkflow(workflow, { workflowID: `run-${++runs}` })(steps);
        await handle.getResult();
      },
      async close() {
        await DBOS.shutdown();
        await server.close();
      },
    };
  },
};
