import { apply, CadreError, type NumberedEvent, type RunState, type Workflow } from '@cadre/core';
import type { RunStore } from '../ports/store.ts';
import type { Definitions } from './definitions.ts';

const PAGE = 10_000;

/** A run as its journal leaves it now. Throws `run_not_found`. */
export async function readState(runs: RunStore, run: string): Promise<RunState> {
  let state: RunState | undefined;
  for await (const event of readEvents(runs, run)) state = apply(state, event);
  if (state === undefined) throw missing(run);
  return state;
}

export function missing(run: string): CadreError {
  return new CadreError('run_not_found', `there is no run ${run}`, {
    hint: 'see which there are: cadre runs',
  });
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

/** Every event of a run, a page at a time. Throws `run_not_found`. */
export async function* readEvents(runs: RunStore, run: string): AsyncGenerator<NumberedEvent> {
  let last = 0;
  do {
    const events = await runs.readEvents(run, last, PAGE);
    if (events.length === 0 && last === 0) throw missing(run);
    yield* events;
    last = events.length < PAGE ? 0 : (events.at(-1)?.number ?? 0);
  } while (last > 0);
}
