import { CadreError, isOver, type RunEvent, type RunState, type StepState } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { RunStore } from '../ports/store.ts';
import { readOn, readState } from './journal.ts';

/**
 * Appends what a person wants to a run, whoever holds it. `choose` says what to append to the run as it is, or nothing,
 * or throws; it is asked again when somebody else has appended meanwhile.
 */
export async function steer(
  runs: RunStore,
  run: string,
  choose: (state: RunState) => RunEvent | undefined,
): Promise<void> {
  for (let state = await readState(runs, run); ; state = await readOn(runs, run, state)) {
    const event = choose(state);
    if (event === undefined) return;
    const outcome = await runs.append(run, state.number, [event]);
    if (outcome.ok) return;
  }
}

/** Throws `run_not_found`, and `run_over` when there is nothing left to cancel. Cancelling twice changes nothing. */
export function requestCancel(
  runs: RunStore,
  run: string,
  cancel: { readonly at: number; readonly by: string; readonly reason: string },
): Promise<void> {
  return steer(runs, run, (state) => {
    if (isOver(state.status)) throw over(run, state);
    return state.status === 'cancelling' ? undefined : { type: 'run.cancelling', ...cancel };
  });
}

/** Tells a run something that a step of it may wait for. Throws `run_not_found` and `run_over`. */
export function sendSignal(
  runs: RunStore,
  run: string,
  signal: { readonly at: number; readonly by: string; readonly topic: string; readonly data: JsonValue },
): Promise<void> {
  return steer(runs, run, (state) => {
    if (isOver(state.status)) throw over(run, state);
    return { type: 'run.signalled', ...signal };
  });
}

type StepResult = Extract<RunEvent, { readonly step: string }>;

/** What became of a run that is a step of this one. False when this one does not wait for it (any more). */
export async function giveResult(
  runs: RunStore,
  run: string,
  step: string,
  child: string,
  resultOf: (step: StepState) => StepResult,
): Promise<boolean> {
  let told = false;
  await steer(runs, run, (state) => {
    const waits = state.steps.get(step);
    told = !isOver(state.status) && waits?.status === 'running' && waits.child === child;
    return told && waits !== undefined ? resultOf(waits) : undefined;
  });
  return told;
}

export function over(run: string, state: RunState): CadreError {
  return new CadreError('run_over', `${run} has ${state.status} already`, {
    hint: `see it with: cadre show ${run}`,
  });
}
