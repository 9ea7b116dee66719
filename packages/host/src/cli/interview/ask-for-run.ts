import type { Workflow } from '@cadre/core';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import { usageError } from '../exit.ts';
import { openQuestions } from '../questions.ts';
import type { RunArguments } from '../run/flags.ts';
import { type Answers, interview } from './interview.ts';
import { review } from './review.ts';
import { saveProfile } from './save-profile.ts';

/**
 * Leads through the choices of a run and answers what they come to, as if it had been typed; undefined when the person
 * decided to leave it. Nothing is written before the last question has been answered. Throws `TurnedAway`.
 */
export async function askForRun(
  app: App,
  workflow: Workflow,
  typed: RunArguments,
  { io, output }: Invocation,
): Promise<RunArguments | undefined> {
  if (!io.interactive || output.json) {
    throw usageError('--interactive needs a terminal to ask at', `cadre run ${workflow.name} --plan`);
  }
  const questions = await openQuestions(io);
  const answers = await interview(app, workflow, typed, questions);
  questions.note(await review(app, workflow, answers), workflow.name);
  const decided = await questions.one<'go' | 'save' | 'leave'>('Go on?', [
    { value: 'go', label: 'Yes' },
    ...(answers.profile === undefined
      ? []
      : [{ value: 'save' as const, label: 'Save these answers as a profile, then go on' }]),
    { value: 'leave', label: 'No' },
  ]);
  if (decided === 'leave') {
    output.line('Nothing was changed.');
    return undefined;
  }
  if (decided === 'save') output.line(await saveProfile(app, answers, questions));
  return withAnswers(typed, answers);
}

function withAnswers({ flags }: RunArguments, { profile, steps, inputs, way }: Answers): RunArguments {
  const { profile: _, plan: __, yes: ___, ...others } = flags;
  const { steps: ____, skip: _____, ...anySteps } = others;
  return {
    flags: {
      ...(steps === undefined ? others : { ...anySteps, steps }),
      ...(profile === undefined ? {} : { profile }),
      plan: way === '--plan',
      yes: way === '--yes',
    },
    inputs,
  };
}
