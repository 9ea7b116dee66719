import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CadreError, type RunState, type Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import { systemClock } from '../../clock.ts';
import { createPlaces } from '../../dispatch/create-places.ts';
import { openBossQueue } from '../../dispatch/open-boss-queue.ts';
import type { LeaseHolder } from '../../ports/lease-store.ts';
import type { SharedStore } from '../../ports/shared-journal.ts';
import type { Store } from '../../ports/store.ts';
import type { Wire } from '../../ports/wire.ts';
import { openPostgresStore } from '../../stores/open-postgres-store.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';
import { type Script, type ScriptedGate, scriptedGate } from '../../testing/scripted-gate.ts';
import { type SimulatedClock, simulatedClock } from '../../testing/simulated-clock.ts';
import { type Engine, openEngine } from '../engine.ts';

/** One process as a test sees it. */
export interface SimulatedProcess {
  readonly engine: Engine;
  readonly gate: ScriptedGate;
  readonly store: Store;
  readonly holder: LeaseHolder;
  /** From now on everybody can prove that it is gone. Its gate does nothing more. */
  die(): void;
}

export interface ProcessOptions {
  readonly wrap?: (store: Store) => Store;
  readonly atOnce?: number;
  readonly host?: string;
  /** On a shared store: what it performs; everything when absent. */
  readonly classes?: readonly string[];
  readonly works?: boolean;
  readonly everywhere?: number;
  /** On a shared store: by which processes wake each other. */
  readonly wire?: Wire;
  /** What steps may run as runs of their own. */
  /** On a shared store: what went wrong in the background. */
  readonly warn?: (error: unknown) => void;
  readonly workflows?: Readonly<Record<string, Workflow>>;
}

export interface World {
  /** Of a store on PostgreSQL: where it is there. */
  readonly schema: string;
  readonly clock: SimulatedClock;
  /** Another process on the same store. `wrap` may make its view of the store a bad one. */
  process(scripts: Readonly<Record<string, Script>>, options?: ProcessOptions): Promise<SimulatedProcess>;
  close(): Promise<void>;
}

let schemas = 0;

/**
 * A store in a file, a clock that stands still, and any number of processes that are told apart by their holder. With the
 * address of a server the store is one there (a new one, unless its schema is named), its processes share the work, and time
 * is the real one.
 */
export function openWorld(url?: string, schema = `world${process.pid}_${++schemas}`): World {
  const clock = url === undefined ? simulatedClock() : realTime();
  const folder = mkdtempSync(join(tmpdir(), 'cadre-engine-'));
  const gone = new Set<string>();
  const processes: SimulatedProcess[] = [];

  async function open(
    scripts: Readonly<Record<string, Script>>,
    options: Parameters<World['process']>[1] = {},
  ): Promise<SimulatedProcess> {
    const opened =
      url === undefined
        ? await openSqliteStore(join(folder, 'cadre.db'))
        : await openPostgresStore(url, schema, undefined, options.wire);
    const store = options.wrap?.(opened) ?? opened;
    const gate = scriptedGate(scripts);
    const id = `process-${processes.length + 1}`;
    const holder = { holder: id, host: options.host ?? 'here', pid: 1, processStart: id };
    const engine = openEngine({
      store,
      gate,
      clock,
      holder,
      workspace: { id: 'workspace', root: '/workspace' },
      places: createPlaces(() => options.atOnce ?? 8, clock),
      ...(store.shared === undefined ? {} : { sharing: sharingOf(store.shared, `${schema}_work`, options) }),
      findWorkflow: async (name) => {
        const workflow = options.workflows?.[name];
        if (workflow === undefined)
          throw new CadreError('workflow_not_found', `there is no workflow ${name}`);
        return workflow;
      },
      liveness: (lease) => {
        if (gone.has(lease.holder)) return 'gone';
        return lease.host === 'here' ? 'alive' : 'unknown';
      },
    });
    const die = () => {
      gone.add(id);
      gate.die();
    };
    const opening = { engine, gate, store: opened, holder, die };
    processes.push(opening);
    if (options.works !== false) await engine.work(options.classes);
    return opening;
  }

  return {
    clock,
    schema,
    process: open,
    async close() {
      const alive = processes.filter(({ holder }) => !gone.has(holder.holder));
      const closing = alive.map(({ engine }) => engine.close(0));
      if (url === undefined) await clock.advance(0);
      await Promise.all(closing);
      for (const { store } of processes) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sharingOf(
  shared: SharedStore,
  schema: string,
  { everywhere, warn = () => undefined }: ProcessOptions,
) {
  const isLimited = () => everywhere !== undefined;
  return {
    shared,
    queue: openBossQueue({ store: shared, schema, isLimited, failed: () => undefined }),
    knownClasses: ['io'],
    everywhere: () => everywhere,
    warn,
  };
}

function realTime(): SimulatedClock {
  const began = Date.now();
  const advance = () => Promise.reject(new Error('real time passes by itself'));
  return { ...systemClock(), advance, passed: () => Date.now() - began };
}

export function startSample(engine: Engine, workflow: Workflow, inputs: JsonObject = {}): Promise<string> {
  return engine.start({
    workflow,
    inputs,
    mode: 'apply',
    trigger: { kind: 'manual' },
    principal: 'user:ada',
  });
}

/** Starts a run and answers the state in which it rests. */
export async function runSample(
  engine: Engine,
  workflow: Workflow,
  inputs: JsonObject = {},
): Promise<RunState> {
  return engine.settled(await startSample(engine, workflow, inputs));
}

/** Everything that a stream gives until its end. */
export async function gather<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
