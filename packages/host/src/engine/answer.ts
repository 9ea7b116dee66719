import { answersTo, validateSchema } from '@cadre/core/advance';
import { CadreError, isOver, type Question, type RunState } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { RunStore } from '../ports/store.ts';
import { over, steer } from './steer.ts';

export interface Answer {
  readonly by: string;
  readonly answer: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
  /** What the form asked for. */
  readonly data?: JsonValue;
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

function nothingAsked(run: string, step: string, state: RunState): CadreError {
  const asking = [...state.waiting].sort();
  return new CadreError('invalid_input', `the step '${step}' of ${run} waits for no answer`, {
    hint: asking.length === 0 ? 'no step of it does' : `these do: ${asking.join(', ')}`,
  });
}
