import { apply, CadreError, type RunState, restore, type Workflow } from '@cadre/core';
import type { RunStore } from '../ports/store.ts';

const PAGE = 10_000;

/** A run as its journal leaves it now. Throws `run_not_found`. */
export async function readState(runs: RunStore, run: string): Promise<RunState> {
  const events = await runs.readEvents(run, 0, PAGE);
  if (events.length === 0) {
    throw new CadreError('run_not_found', `there is no run ${run}`, {
      hint: 'see which there are: cadre runs',
    });
  }
  return readOn(runs, run, restore(events));
}

/** The state after what was appended since. */
export async function readOn(runs: RunStore, run: string, state: RunState): Promise<RunState> {
  let after = state;
  for (;;) {
    const events = await runs.readEvents(run, after.number, PAGE);
    if (events.length === 0) return after;
    for (const event of events) after = apply(after, event);
  }
}

export interface JournaledRun {
  readonly state: RunState;
  /** The definition that the run is pinned to. */
  readonly workflow: Workflow;
}

/** Throws `run_not_found`. */
export async function readRun(runs: RunStore, run: string): Promise<JournaledRun> {
  const state = await readState(runs, run);
  return { state, workflow: await runs.getDefinition(state.definition) };
}
