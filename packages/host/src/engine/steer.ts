import { CadreError, isOver, type RunEvent, type RunState } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { RunStore } from '../ports/store.ts';
import { readOn, readState } from './journal.ts';

export interface Answer {
  readonly by: string;
  readonly answer: 'allow' | 'deny' | 'retry' | 'abort';
  /** What the form asked for. */
  readonly data?: JsonValue;
}

/**
 * Appends what a person wants to a run, whoever holds it. `choose` says what to append to the run as it is, or nothing,
 * or throws; it is asked again when somebody else has appended meanwhile.
 */
async function steer(
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

/** Throws `run_not_found`, `run_over`, and `invalid_input` when the step asks nothing, or something else. */
export function giveAnswer(
  runs: RunStore,
  run: string,
  step: string,
  given: Answer & { readonly at: number },
): Promise<void> {
  return steer(runs, run, (state) => {
    if (isOver(state.status)) throw over(run, state);
    const question = state.waiting.has(step) ? state.steps.get(step)?.question : undefined;
    if (question === undefined) throw nothingAsked(run, step, state);
    const fitting = question.kind === 'approval' ? ['allow', 'deny'] : ['retry', 'abort'];
    if (!fitting.includes(given.answer)) {
      throw new CadreError(
        'invalid_input',
        `'${given.answer}' is no answer to what the step '${step}' asks`,
        {
          hint: `answer with ${fitting.join(' or ')}`,
        },
      );
    }
    return { type: 'step.answered', step, ...given };
  });
}

function over(run: string, state: RunState): CadreError {
  return new CadreError('run_over', `${run} has ${state.status} already`, {
    hint: `see it with: cadre show ${run}`,
  });
}

function nothingAsked(run: string, step: string, state: RunState): CadreError {
  const asking = [...state.waiting].sort();
  return new CadreError('invalid_input', `the step '${step}' of ${run} waits for no answer`, {
    hint: asking.length === 0 ? 'no step of it does' : `these do: ${asking.join(', ')}`,
  });
}
