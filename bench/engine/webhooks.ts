/**
 * Deliveries a second that become finished runs: signed, posted over HTTP to a server of this process by another one, kept
 * in the inbox, each started as a run of one step that checks something, on SQLite in a file.
 * `node bench/engine/webhooks.ts [--deliveries 5000] [--in-flight 64] [--at-once 256]`
 */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Trigger, Workflow } from '../../packages/core/src/index.ts';
import { systemClock } from '../../packages/host/src/clock.ts';
import { createPlaces } from '../../packages/host/src/dispatch/create-places.ts';
import { openEngine } from '../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../packages/host/src/engine/holder.ts';
import { createServer } from '../../packages/host/src/http/create-server.ts';
import { openInbox } from '../../packages/host/src/inbox/open-inbox.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../../packages/host/src/testing/sample-workflow.ts';
import { scriptedGate } from '../../packages/host/src/testing/scripted-gate.ts';

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '5000' },
    'in-flight': { type: 'string', default: '64' },
    'at-once': { type: 'string', default: '256' },
    send: { type: 'string' },
  },
});
const deliveries = Number(values.deliveries);

const workflow: Workflow = { ...sampleWorkflow([sampleAction('a')]), name: 'work' };

const trigger: Trigger = {
  name: 'push',
  on: { kind: 'webhook', signature: 'github', secret: 'HOOK' },
  run: 'work',
  with: {},
  overlap: 'allow',
  missed: 'newest',
  missedWindowMs: 0,
  jitterMs: 0,
  priority: 2,
  retry: workflow.defaults.retry,
  enabled: true,
};

async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-bench-webhooks-'));
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  const clock = systemClock();
  const gate = scriptedGate({ 'sample/a': {} });
  const engine = openEngine({
    store,
    gate,
    clock,
    holder: thisProcess('bench'),
    workspace: { id: 'bench', root: folder },
    places: createPlaces(() => 1_000),
  });
  const inbox = openInbox({
    firings: store.firings,
    events: store.events,
    engine,
    clock,
    triggers: async () => [trigger],
    findWorkflow: async () => workflow,
    secrets: { find: async () => 'secret' },
    watchFiles: async () => async () => undefined,
    root: folder,
    atOnce: Number(values['at-once']),
    mostPerMinute: Number.MAX_SAFE_INTEGER,
    warn: (text, fields) => console.error(text, fields),
    hold: async () => undefined,
  });
  inbox.begin();
  const fail = (error: unknown) => console.error(error);
  const server = await createServer({
    inbox,
    host: '127.0.0.1',
    port: 0,
    events: () => Promise.reject(new Error('nobody follows')),
    guard: {},
    largestBody: 1_048_576,
    failed: fail,
  });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sender = spawn(process.execPath, [...process.argv.slice(1), '--send', server.address], {
    stdio: 'inherit',
  });
  const [code] = await once(sender, 'exit');
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
  const kept = performance.now() - began;
  while ((await inbox.history({ status: ['succeeded'], limit: deliveries })).length < deliveries) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const done = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (ms: number) => Math.round((deliveries / ms) * 1_000);
  console.log(
    JSON.stringify({
      deliveries,
      runs: gate.calls.length,
      keptPerSecond: perSecond(kept),
      runsPerSecond: perSecond(done),
      // Of this process, without the one that sends.
      cpuMsPerRun: Math.round((user + system) / deliveries) / 1_000,
    }),
  );
  await server.close();
  await inbox.end();
  await engine.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

async function send(address: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(values['in-flight']) });
  let next = 0;
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    commits: [{ id: 'x'.repeat(40), message: 'y'.repeat(60) }],
  });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-hub-signature-256': `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`,
  };
  const one = (delivery: number) =>
    new Promise<void>((resolve, reject) => {
      const posting = request(
        `${address}/api/v1/hooks/push`,
        { method: 'POST', agent, headers: { ...headers, 'x-github-delivery': String(delivery) } },
        (response) => {
          response.resume();
          if (response.statusCode === 202) response.on('end', resolve);
          else reject(new Error(`answered ${response.statusCode}`));
        },
      );
      posting.on('error', reject);
      posting.end(body);
    });
  await Promise.all(
    Array.from({ length: Number(values['in-flight']) }, async () => {
      while (next < deliveries) await one(next++);
    }),
  );
  agent.destroy();
}

await (values.send === undefined ? serve() : send(values.send));
