import { type Failure, failure } from '@cadre/sdk';
import type { Escalation } from '../../workflow/workflow.ts';
import type { Question } from '../events.ts';
import { parentOf } from '../path.ts';
import type { StepState } from '../state.ts';
import { performAttempt } from './action.ts';
import { startChild } from './child.ts';
import { ACTIVE, type Draft, emit, type Standing, type StepPlace } from './draft.ts';
import { retryOf } from './retry.ts';
import { wallExceeded } from './step-time.ts';
import { stopReason } from './stop.ts';
import { settleWait, wokenOutput } from './wait.ts';

/** After so many deaths of its process a step is not tried again without a person, whatever its action says. */
const DEATHS_TO_QUARANTINE = 3;

/** Answers that no person gives: the default once the deadline has passed, and in a plan the one that shows most. */
export function settleWaiting(draft: Draft, place: StepPlace, state: StepState): Standing | undefined {
  // In a rehearsal nothing is waited for.
  if (draft.state.mode === 'apply' && (state.deadline ?? Number.POSITIVE_INFINITY) <= draft.moment.now) {
    emit(draft, {
      type: 'step.failed',
      step: place.path,
      failure: wallExceeded(place.path, place.node.step.budget?.wallMs ?? 0),
    });
    return undefined;
  }
  if (state.wait !== undefined) return settleWait(draft, place, state.wait);
  const answer = answerOfNobody(draft, state.question);
  if (answer === undefined) return ACTIVE;
  emit(draft, { type: 'step.answered', step: place.path, ...answer });
  return undefined;
}

function answerOfNobody(draft: Draft, question: Question | undefined) {
  if (draft.state.mode === 'plan') {
    return { by: 'plan', answer: question?.kind === 'approval' ? 'allow' : 'abort' } as const;
  }
  const passed = (question?.deadline ?? Number.POSITIVE_INFINITY) <= draft.moment.now;
  const otherwise = question?.kind === 'approval' ? 'deny' : 'abort';
  return passed ? ({ by: 'system', answer: question?.default ?? otherwise } as const) : undefined;
}

/** It was answered, or its process died: now it is to be decided how it goes on. */
export function settleReady(draft: Draft, place: StepPlace, state: StepState): undefined {
  const stopped = stopReason(draft.state, parentOf(place.path) ?? '') !== undefined;
  if (stopped) emit(draft, { type: 'step.cancelled', step: place.path });
  else if (state.woken !== undefined) {
    emit(draft, { type: 'step.succeeded', step: place.path, output: wokenOutput(draft, state) });
  } else if (state.interrupted === undefined) followAnswer(draft, place, state);
  else goOnAfterDeath(draft, place, state);
}

function followAnswer(draft: Draft, place: StepPlace, { question, answer }: StepState): void {
  if (question === undefined || answer === undefined) {
    throw new Error(`bug: the step '${place.path}' is ready without an answer`);
  }
  const { path } = place;
  switch (answer.answer) {
    case 'allow':
    case 'deny': {
      if (question.kind === 'budget') {
        followBudget(draft, place, question, answer.answer);
        return;
      }
      const { by, data } = answer;
      const output = { approved: answer.answer === 'allow', by, ...(data === undefined ? {} : { data }) };
      emit(draft, { type: 'step.succeeded', step: path, output });
      return;
    }
    case 'abort':
    case 'continue':
      emit(draft, { type: 'step.failed', step: path, failure: refusal(path, question) });
      return;
    default:
      // An interrupted attempt had passed its `if`; a step that escalated may have failed at it.
      if (question.kind === 'escalated') draft.moves.begin(draft, place);
      else attemptAgain(draft, place);
  }
}

/** Its `if` held when it was asked about. */
function followBudget(draft: Draft, place: StepPlace, { prompt }: Question, answer: string): void {
  if (answer === 'allow') {
    attemptAgain(draft, place);
    return;
  }
  const { path } = place;
  const message = `'${path}' was not begun: ${prompt} A person said no`;
  const refused = failure('budget_exceeded', message, { details: { step: path, at: path } });
  emit(draft, { type: 'step.failed', step: path, failure: refused });
}

function goOnAfterDeath(draft: Draft, place: StepPlace, state: StepState): void {
  const { workflow } = draft.outline;
  const wanted = retryOf(workflow, place.node.step)?.on?.includes('interrupted') === true;
  if (state.deaths >= DEATHS_TO_QUARANTINE) ask(draft, place, 'quarantined', quarantined(place.path, state));
  else if (state.interrupted === 'repeatable' || wanted) attemptAgain(draft, place);
  else ask(draft, place, 'interrupted', interrupted(place.path, state));
}

function attemptAgain(draft: Draft, place: StepPlace): void {
  if (place.node.step.kind === 'workflow') startChild(draft, place);
  else performAttempt(draft, place);
}

/** Nothing goes on before a person has said whether to try again; `reason` is what an abort fails with. */
export function ask(
  draft: Draft,
  place: StepPlace,
  kind: 'interrupted' | 'quarantined' | 'escalated',
  reason: Failure,
  escalation: Escalation = {},
): void {
  const { to, deadlineMs, default: otherwise } = escalation;
  const question: Question = {
    kind,
    prompt: escalation.prompt ?? `${reason.message}. Try it again, or abort the run?`,
    failure: reason,
    ...(to === undefined ? {} : { delegates: to }),
    ...(deadlineMs === undefined ? {} : { deadline: draft.moment.now + deadlineMs }),
    ...(otherwise === undefined ? {} : { default: otherwise }),
  };
  emit(draft, { type: 'step.waiting', step: place.path, question });
}

function interrupted(path: string, { attempts }: StepState): Failure {
  const message = `the process that performed attempt ${attempts} of '${path}' died, and nobody knows how far it came`;
  return failure('interrupted', message, {
    hint: 'look at what the step has done so far; its action does not say that it may be repeated',
    details: { step: path, attempt: attempts },
  });
}

function quarantined(path: string, { attempts, deaths }: StepState): Failure {
  const message = `'${path}' is quarantined: its process died in ${deaths} of ${attempts} attempts`;
  return failure('quarantined', message, {
    hint: 'read the log of the step: it probably ends its own process, or needs more memory than there is',
    details: { step: path, attempts, deaths },
  });
}

function refusal(path: string, question: Question): Failure {
  return (
    question.failure ?? failure('aborted', `'${path}' was aborted by a person`, { details: { step: path } })
  );
}
