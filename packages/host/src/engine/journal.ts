import { CadreError, type NumberedEvent, type RunState, type Workflow } from '@cadre/core/history';
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

/** The state after what was appended since. Throws `journal_went_back`. */
export async function readOn(runs: RunStore, run: string, state: RunState): Promise<RunState> {
  let after = state;
  for (;;) {
    const [last, ...events] = await runs.readEvents(run, after.number - 1, PAGE);
    if (!isLastOf(after, last)) throw wentBack(run);
    if (events.length === 0) return after;
    for (const event of events) after = apply(after, event);
  }
}

/**
 * Whether the event stands where the state has its last one. Not so where a backup was brought back, or a standby without the
 * last commits took over: then others may have gone on from there in another way.
 */
export function isLastOf(state: RunState, event: NumberedEvent | undefined): boolean {
  return event?.number === state.number && event.at === state.changedAt;
}

export function wentBack(run: string): CadreError {
  return new CadreError(
    'journal_went_back',
    `the journal of ${run} does not say any more what was read from it`,
    {
      hint: 'a backup of the store was brought back, or a standby took over: what happened since is not known any more',
    },
  );
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
