// Wants DATABASE_URL of a PostgreSQL server of its own; bench/engine/peers.sh starts one.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { measure } from './measure.mjs';

async function body(run, steps) {
  for (let number = 1; number <= steps; number += 1) {
    await DBOS.runStep(async () => ({ run, n: number }), { name: `s${number}` });
  }
}
const workflow = DBOS.registerWorkflow(body, { name: 'steps' });
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DATABASE_URL, logLevel: 'error' });
await DBOS.launch();
await measure('dbos (postgresql)', async (steps, id) => {
  const handle = await DBOS.startWorkflow(workflow, { workflowID: id })(id, steps);
  await handle.getResult();
});
await DBOS.shutdown();
process.exit(0);
