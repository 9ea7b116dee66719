import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trigger, Workflow } from '../../packages/core/src/index.ts';
import { systemClock } from '../../packages/host/src/clock.ts';
import { createPlaces } from '../../packages/host/src/dispatch/create-places.ts';
import { openEngine } from '../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../packages/host/src/engine/holder.ts';
import {
  type Admission,
  type AdmissionLimits,
  createAdmission,
} from '../../packages/host/src/http/admission.ts';
import { createServer } from '../../packages/host/src/http/create-server.ts';
import { createLoopDelay } from '../../packages/host/src/http/loop-delay.ts';
import { type Inbox, openInbox } from '../../packages/host/src/inbox/open-inbox.ts';
import { openSqliteStore } from '../../packages/host/src/stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../../packages/host/src/testing/sample-workflow.ts';
import { type ScriptedGate, scriptedGate } from '../../packages/host/src/testing/scripted-gate.ts';

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

export const BODY = JSON.stringify({
  ref: 'refs/heads/main',
  commits: [{ id: 'x'.repeat(40), message: 'y'.repeat(60) }],
});

export const HEADERS = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(BODY),
  'x-hub-signature-256': `sha256=${createHmac('sha256', 'secret').update(BODY).digest('hex')}`,
};

export interface Webhooks {
  readonly address: string;
  readonly inbox: Inbox;
  readonly gate: ScriptedGate;
  readonly admission: Admission | undefined;
  close(): Promise<void>;
}

/** A server for signed deliveries, each of which becomes a run of one step, on SQLite in a file. */
export async function openWebhooks(atOnce: number, limits?: AdmissionLimits): Promise<Webhooks> {
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
    places: createPlaces(() => 1_000, clock),
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
    atOnce,
    mostPerMinute: Number.MAX_SAFE_INTEGER,
    retention: { afterMs: 0, most: 0 },
    warn: (text, fields) => console.error(text, fields),
    hold: async () => undefined,
  });
  inbox.begin();
  const admission =
    limits === undefined
      ? undefined
      : createAdmission({
          limits,
          clock,
          delay: createLoopDelay(),
          countWaiting: (most) => store.firings.countWaiting(most),
          told: () => undefined,
        });
  const server = await createServer({
    inbox,
    host: '127.0.0.1',
    port: 0,
    events: () => Promise.reject(new Error('nobody follows')),
    guard: {},
    largestBody: 1_048_576,
    ...(admission === undefined ? {} : { admission }),
    failed: (error) => console.error(error),
  });
  return {
    address: server.address,
    inbox,
    gate,
    admission,
    async close() {
      await server.close();
      admission?.close();
      await inbox.end();
      await engine.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
