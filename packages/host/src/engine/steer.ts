import {
  answersTo,
  CadreError,
  isOver,
  type Question,
  type RunEvent,
  type RunState,
  validateSchema,
} from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { RunStore } from '../ports/store.ts';
import { readOn, readState } from './journal.ts';

export interface Answer {
  readonly by: string;
  readonly answer: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
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
    refuseStranger(run, step, question, given.by);
    const fitting = answersTo(question);
    if (!fitting.includes(given.answer)) {
      throw new CadreError(
        'invalid_input',
        `'${given.answer}' is no answer to what the step '${step}' asks`,
        {
          hint: `answer with ${fitting.join(' or ')}`,
        },
      );
    }
    refuseMisfit(step, question, given);
    return { type: 'step.answered', step, ...given };
  });
}

/** Hands a question to somebody else. Throws like `giveAnswer`. */
export function delegate(
  runs: RunStore,
  run: string,
  step: string,
  given: { readonly at: number; readonly by: string; readonly to: string },
): Promise<void> {
  return steer(runs, run, (state) => {
    if (isOver(state.status)) throw over(run, state);
    const question = state.waiting.has(step) ? state.steps.get(step)?.question : undefined;
    if (question === undefined) throw nothingAsked(run, step, state);
    refuseStranger(run, step, question, given.by);
    return { type: 'step.delegated', step, ...given };
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
  child: string,
  result: StepResult,
): Promise<boolean> {
  let told = false;
  await steer(runs, run, (state) => {
    const step = state.steps.get(result.step);
    told = !isOver(state.status) && step?.status === 'running' && step.child === child;
    return told ? result : undefined;
  });
  return told;
}

/** A question names those who may answer it. */
function refuseStranger(run: string, step: string, { delegates }: Question, by: string): void {
  if (delegates === undefined || delegates.some((name) => name === by || `user:${name}` === by)) return;
  throw new CadreError('denied', `${by} may not answer what the step '${step}' of ${run} asks`, {
    hint: `it asks ${delegates.join(' or ')}`,
  });
}

/** An approval with a form is allowed with what the form asks for. */
function refuseMisfit(step: string, { form }: Question, { answer, data }: Answer): void {
  if (form === undefined || answer !== 'allow') return;
  const [problem] = validateSchema(form, data ?? {});
  if (problem === undefined) return;
  throw new CadreError('invalid_input', `the answer to '${step}' does not fit its form: ${problem.message}`, {
    hint: problem.suggestion ?? 'see what it asks for with: cadre show',
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
