import { join } from 'node:path';
import { importPeer, lacking } from './installed-peer.ts';
import type { Peer } from './peer.ts';

interface Given {
  readonly inputData: { readonly run: string };
}

const CONNECTIONS = 4;

/** A workflow whose snapshot it writes to a file of libSQL as it goes on. */
function mastraPeer(name: string, synced: boolean): Peer {
  return {
    name,
    lacks: lacking(['@mastra/core', '@mastra/libsql', '@libsql/client', 'zod']),
    async open(folder) {
      const { Mastra } = await importPeer('@mastra/core');
      const { createStep, createWorkflow } = await importPeer('@mastra/core/workflows');
      const { LibSQLStore } = await importPeer('@mastra/libsql');
      const { createClient } = await importPeer('@libsql/client');
      const { z } = await importPeer('zod');
      const schema = z.object({ run: z.string(), ok: z.number() });

      function chain(steps: number) {
        const workflow = createWorkflow({ id: `steps-${steps}`, inputSchema: schema, outputSchema: schema });
        for (let number = 1; number <= steps; number++) {
          const execute = async ({ inputData }: Given) => ({ run: inputData.run, ok: number });
          workflow.then(
            createStep({ id: `step-${number}`, inputSchema: schema, outputSchema: schema, execute }),
          );
        }
        return workflow.commit();
      }

      const url = `file:${join(folder, 'mastra.db')}`;
      const client = synced ? createClient({ url, concurrency: CONNECTIONS }) : undefined;
      const storage = new LibSQLStore({ id: 'bench', ...(client === undefined ? { url } : { client }) });
      await storage.init();
      if (client !== undefined) await syncEveryCommit(client);
      const workflows = Object.fromEntries([1, 3, 5].map((steps) => [`steps-${steps}`, chain(steps)]));
      const mastra = new Mastra({ workflows, storage, logger: false });
      let runs = 0;

      return {
        async run(steps) {
          const id = `run-${++runs}`;
          const run = await mastra.getWorkflow(`steps-${steps}`).createRun({ runId: id });
          const { status } = await run.start({ inputData: { run: id, ok: 0 } });
          if (status !== 'success') throw new Error(`the run ${id} ended ${status}`);
        },
        async close() {
          await storage.close();
        },
      };
    },
  };
}

interface Client {
  execute(sql: string): Promise<unknown>;
}

/** It tells one of its connections to sync at checkpoints only. All are idle here, and each gets one of as many statements. */
async function syncEveryCommit(client: Client): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => client.execute('PRAGMA synchronous = FULL')));
}

export const mastra = mastraPeer('mastra', true);
export const mastraDefault = mastraPeer('mastra-default', false);
