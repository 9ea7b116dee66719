import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effect, JsonObject } from '@cadre/sdk';
import { systemClock } from '../src/clock.ts';
import { createGate } from '../src/gate/create-gate.ts';
import type { GateSettings } from '../src/gate/gate-settings.ts';
import type { ActionRunner } from '../src/ports/action-runner.ts';
import type { PermissionAnswer, PermissionQuestion } from '../src/ports/approver.ts';
import type { AuditEntry } from '../src/ports/audit-store.ts';
import type { Gate, GateCall, Performed } from '../src/ports/gate.ts';
import type { Sandbox } from '../src/ports/sandbox.ts';
import type { Snapshots } from '../src/ports/snapshots.ts';
import type { Store } from '../src/ports/store.ts';
import { openSandbox } from '../src/sandboxes/open-sandbox.ts';
import { openSnapshots } from '../src/snapshots/open-snapshots.ts';
import { openSqliteStore } from '../src/stores/open-sqlite-store.ts';
import { besideRunner } from '../src/testing/beside-runner.ts';
import { sampleCall, UNHEARD } from '../src/testing/sample-call.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { type WorkerFixture, workerFixture } from './worker-fixture.ts';

/** The value of the only secret that there is, `TOKEN`. */
export const TOKEN = 'hunter2-very-secret/+=';

/** Changes of a call that make it a plan. */
export const PLAN = { mode: 'plan' } as const;

/** A gate in front of the worker `polite`, or of others, with a real store, sandbox and runner, and an approver that is told its answers. */
export interface GateFixture extends WorkerFixture {
  readonly sandbox: Sandbox;
  readonly runner: ActionRunner;
  readonly store: Store;
  readonly snapshots: Snapshots;
  /** What was asked, and what will be answered; without an answer left there is nobody to ask. */
  readonly questions: PermissionQuestion[];
  readonly answers: PermissionAnswer[];
  readonly logs: string[];
  newGate(changes?: Partial<GateSettings>): Gate;
  perform(gate: Gate, uses: string, input?: JsonObject, changes?: Partial<GateCall>): Promise<Performed>;
  audited(): Promise<readonly AuditEntry[]>;
  put(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
}

export async function gateFixture(...names: string[]): Promise<GateFixture> {
  const fixture = await workerFixture(...(names.length === 0 ? ['polite'] : names));
  const { workspace, dataDir, workers } = fixture;
  const sandbox = openSandbox({ workspace, environment: process.env });
  const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
  const store = await openSqliteStore(':memory:');
  const clock = systemClock();
  const snapshots = openSnapshots({ workspace, dataDir, without: [dataDir], keep: 10, clock });
  const questions: PermissionQuestion[] = [];
  const answers: PermissionAnswer[] = [];
  const logs: string[] = [];
  return {
    ...fixture,
    sandbox,
    runner,
    store,
    snapshots,
    questions,
    answers,
    logs,
    newGate: (changes = {}) =>
      createGate({
        runner,
        audit: store.audit,
        grants: store.grants,
        approver: {
          async askPermission(question) {
            questions.push(question);
            return answers.shift();
          },
        },
        policy: { allow: [], ask: [], deny: [], sandbox: 'warn' },
        sandboxReport: (tier) => sandbox.probe(tier),
        workspace,
        dataDir,
        config: () => ({}),
        secrets: { find: async (name) => (name === 'TOKEN' ? TOKEN : undefined) },
        clock,
        snapshots,
        environment: { ...process.env, CADRE_TEST_GIVEN: 'given', CADRE_OTHER: 'not given' },
        ...changes,
      }),
    perform: (gate, uses, input = {}, changes = {}) =>
      gate.perform(sampleCall(uses, input, changes), new AbortController().signal, {
        ...UNHEARD,
        log: ({ message, fields }) => logs.push(`${message} ${JSON.stringify(fields ?? {})}`),
      }),
    audited: () => readAll(store.audit),
    put: (path, text) => writeFile(join(workspace, path), text),
    read: (path) => readFile(join(workspace, path), 'utf8'),
    async remove() {
      await runner.close();
      await store.close();
      await snapshots.close();
      await fixture.remove();
    },
  };
}

/** However much stands there. */
async function readAll(audit: Store['audit']): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let after = 0; ; ) {
    const page = await audit.read(after);
    if (page.length === 0) return entries;
    entries.push(...page.map(({ entry }) => JSON.parse(entry) as AuditEntry));
    after = page.at(-1)?.number ?? after;
  }
}

/** Paths of the file effects, and the kind of the others. */
export function pathsOf(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => (effect.kind === 'file' ? effect.path : effect.kind));
}
