import type { RunState, Workflow } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { RunStore } from '../ports/store.ts';
import type { Definitions } from './definitions.ts';
import { missingRun, readEvents } from './read-events.ts';

const PAGE = 10_000;

/** A run as its journal leaves it now. Throws `run_not_found`. */
export async function readState(runs: RunStore, run: string): Promise<RunState> {
  let state: RunState | undefined;
  for await (const event of readEvents(runs, run)) state = apply(state, event);
  if (state === undefined) throw missingRun(run);
  return state;
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
export async function readRun(runs: RunStore, definitions: Definitions, run: string): Promise<JournaledRun> {
  const state = await readState(runs, run);
  return { state, workflow: await definitions.get(state.definition) };
}
