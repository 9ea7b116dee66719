import { join } from 'node:path';
import type { Workflow } from '@cadre/core';
import { systemClock } from '../../../packages/host/src/clock.ts';
import { createPlaces } from '../../../packages/host/src/dispatch/create-places.ts';
import { type Engine, openEngine } from '../../../packages/host/src/engine/engine.ts';
import { thisProcess } from '../../../packages/host/src/engine/holder.ts';
import type { Gate, Performed } from '../../../packages/host/src/ports/gate.ts';
import { openSqliteStore } from '../../../packages/host/src/stores/open-sqlite-store.ts';
import { sampleStep, sampleWorkflow } from '../../../packages/host/src/testing/sample-workflow.ts';
import type { Peer } from './peer.ts';

/** Steps that do nothing: what is measured is the engine, not what its steps do. */
export const nothing: Gate = {
  describe: () => ({ repeatable: true, class: 'io' }),
  perform: async (call): Promise<Performed> => ({
    outcome: { ok: true, output: { ok: call.step } },
    effects: [],
  }),
  ready: async () => undefined,
  warm: async () => undefined,
  prioritise: () => undefined,
  endRun: async () => undefined,
};

export const cadre: Peer = {
  name: 'cadre',
  async open(folder) {
    const { engine, close } = await openEmbedded(folder, nothing);
    return { run: runner(engine), close };
  },
};

/** The engine as a single process has it, on SQLite. */
export async function openEmbedded(folder: string, gate: Gate, places = 32) {
  const clock = systemClock();
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  const engine = openEngine({
    store,
    gate,
    clock,
    workspace: { id: 'bench', root: folder },
    holder: thisProcess(clock.newId('process')),
    places: createPlaces(() => places),
  });
  return {
    engine,
    async close() {
      await engine.close();
      await store.close();
    },
  };
}

/** Starts a run of so many steps and waits for its end. */
export function runner(engine: Engine): (steps: number) => Promise<void> {
  const workflows = new Map<number, Workflow>();
  return async (steps) => {
    const workflow = workflows.get(steps) ?? chain(steps);
    workflows.set(steps, workflow);
    await runToEnd(engine, workflow);
  };
}

export async function runToEnd(engine: Engine, workflow: Workflow): Promise<void> {
  await follow(engine, await begin(engine, workflow));
}

export function begin(engine: Engine, workflow: Workflow): Promise<string> {
  return engine.start({
    workflow,
    inputs: {},
    mode: 'apply',
    trigger: { kind: 'manual' },
    principal: 'user:bench',
  });
}

export async function follow(engine: Engine, id: string): Promise<void> {
  const state = await engine.settled(id);
  if (state.status !== 'succeeded') throw new Error(`the run ${id} ended ${state.status}`);
}

/** Each step reads what the one before it gave. */
export function chain(length: number): Workflow {
  const steps = Array.from({ length }, (_, index) =>
    sampleStep(`step-${index + 1}`, {
      kind: 'action',
      uses: 'bench/nothing',
      with: index === 0 ? { from: 'start' } : { from: `\${{ steps['step-${index}'].output.ok }}` },
    }),
  );
  return sampleWorkflow(steps, { name: `chain-${length}` });
}
