import type { Question } from '../events.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { evaluateWhole, outcomeOf, textOf } from './scope.ts';
import { wallDeadline } from './step-time.ts';

/** Asks a person. The deadline counts from now. */
export function askApproval(draft: Draft, place: StepPlace): void {
  const { path } = place;
  const question = outcomeOf(path, () => questionOf(draft, place));
  if (question.ok)
    emit(draft, {
      type: 'step.waiting',
      step: path,
      question: question.output,
      ...wallDeadline(draft, place),
    });
  else emit(draft, { type: 'step.failed', step: path, failure: question.failure });
}

function questionOf(draft: Draft, place: StepPlace): Question {
  const { step } = place.node;
  if (step.kind !== 'approval') throw new Error(`bug: the step '${place.path}' asks for no approval`);
  return {
    kind: 'approval',
    prompt: textOf(evaluateWhole(draft, place, step.prompt)),
    default: step.default,
    ...(step.form === undefined ? {} : { form: step.form }),
    ...(step.delegates === undefined ? {} : { delegates: step.delegates }),
    ...(step.deadlineMs === undefined ? {} : { deadline: draft.moment.now + step.deadlineMs }),
  };
}
