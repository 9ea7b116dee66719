import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort } from '../../../packages/host/src/testing/loopback.ts';
import type { Peer } from './peer.ts';
import { post } from './post.ts';
import { startServer } from './start-server.ts';

const PACKAGES = join(import.meta.dirname, 'n8n/node_modules');
const PROGRAM = join(PACKAGES, 'n8n/bin/n8n');
const COMPILED = join(PACKAGES, 'sqlite3/build/Release/node_sqlite3.node');

/** A workflow that a webhook starts and whose last node answers; its progress is saved after each node. */
export const n8n: Peer = {
  name: 'n8n',
  lacks: () =>
    [PROGRAM, COMPILED].every(existsSync) ? undefined : 'peers/n8n, as bench/engine/README.md has it',
  inFlight: 20,
  async open(folder) {
    const [port, broker] = await Promise.all([freePort(), freePort()]);
    const environment = {
      N8N_USER_FOLDER: folder,
      N8N_LISTEN_ADDRESS: '127.0.0.1',
      N8N_PORT: String(port),
      N8N_RUNNERS_BROKER_PORT: String(broker),
      N8N_DIAGNOSTICS_ENABLED: 'false',
      N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
      N8N_TEMPLATES_ENABLED: 'false',
      N8N_COMMUNITY_PACKAGES_ENABLED: 'false',
      N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
    };
    const workflows = [1, 3, 5].map(chain);
    const file = join(folder, 'workflows.json');
    writeFileSync(file, JSON.stringify(workflows));
    execFileSync(process.execPath, [PROGRAM, 'import:workflow', `--input=${file}`], {
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    publish(join(folder, '.n8n/database.sqlite'));
    const server = await startServer({
      program: process.execPath,
      args: [PROGRAM, 'start'],
      environment,
      folder,
      port,
    });
    await untilServed(`http://127.0.0.1:${port}/webhook/steps-1`);
    return {
      run: (steps) => post(`http://127.0.0.1:${port}/webhook/steps-${steps}`, {}),
      close: () => server.close(),
    };
  },
};

function chain(steps: number) {
  const names = ['start', ...Array.from({ length: steps }, (_, index) => `step-${index + 1}`)];
  const webhook = {
    type: 'n8n-nodes-base.webhook',
    typeVersion: 2,
    webhookId: `steps-${steps}`,
    parameters: { httpMethod: 'POST', path: `steps-${steps}`, responseMode: 'lastNode', options: {} },
  };
  const nothing = { type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
  return {
    id: `steps${steps}`,
    name: `steps-${steps}`,
    active: false,
    versionId: `version-${steps}`,
    settings: { executionOrder: 'v1', saveExecutionProgress: true },
    nodes: names.map((name, index) => ({
      id: name,
      name,
      position: [index * 200, 0],
      ...(index === 0 ? webhook : nothing),
    })),
    connections: Object.fromEntries(
      names
        .slice(1)
        .map((next, index) => [names[index], { main: [[{ node: next, type: 'main', index: 0 }]] }]),
    ),
  };
}

/** Its own command wants a version of the history, and importing makes none. */
function publish(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`INSERT INTO workflow_history (versionId, workflowId, authors, nodes, connections)
    SELECT versionId, id, 'bench', nodes, connections FROM workflow_entity`);
  database.exec('UPDATE workflow_entity SET activeVersionId = versionId, active = 1');
  database.close();
}

/** Its port answers before its workflows are there. */
async function untilServed(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await post(url, {});
    } catch (error) {
      if (tries > 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
