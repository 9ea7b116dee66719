import type { Workflow } from '@cadre/core';
import { duration, plural } from '@cadre/kit/format';
import type { Records } from '../../app.ts';
import { medianDurations } from '../run/median-durations.ts';
import type { Answers } from './interview.ts';
import { quote, toArguments } from './to-arguments.ts';

const WAYS = { '--plan': 'show the plan only', '--yes': 'apply without asking' } as const;

/** What the answers come to, and how long it will take by earlier runs. */
export async function review(
  records: Pick<Records, 'engine'>,
  workflow: Workflow,
  answers: Answers,
): Promise<string> {
  const { profile, steps, inputs, way } = answers;
  const all = workflow.steps.map(({ id }) => id);
  const switched = Object.entries(inputs).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const args = ['cadre', 'run', workflow.name, ...toArguments(answers)];
  return [
    ...(profile === undefined ? [] : [`profile   ${profile}`]),
    `steps     ${steps === undefined ? 'as usual' : `${steps.length} of ${all.length}: ${steps.join(', ')}`}`,
    `changed   ${switched.length === 0 ? 'nothing' : switched.join(', ')}`,
    `then      ${way === undefined ? 'show the plan, ask, apply' : WAYS[way]}`,
    `takes     ${await estimate(records, workflow, steps ?? all, way)}`,
    '',
    args.map(quote).join(' '),
  ].join('\n');
}

async function estimate(
  records: Pick<Records, 'engine'>,
  workflow: Workflow,
  steps: readonly string[],
  way: Answers['way'],
): Promise<string> {
  const mode = way === '--plan' ? 'plan' : 'apply';
  const earlier = await medianDurations(records, workflow.name, mode);
  const known = steps.flatMap((step) => earlier.steps.get(step) ?? []);
  if (known.length === 0) return 'not known: there is no earlier run to go by';
  const sum = known.reduce((total, each) => total + each, 0);
  return `about ${duration(sum)}, by ${plural(earlier.runs, 'earlier run')}`;
}
