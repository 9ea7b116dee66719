import { failure, type Outcome } from '@cadre/sdk';
import type { Step } from '../../workflow/workflow.ts';
import { performAttempt } from './action.ts';
import { askApproval } from './approval.ts';
import { evaluateCheck } from './check.ts';
import { startChild } from './child.ts';
import { openChoose } from './choose.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { openForEach } from './for-each.ts';
import { HELD, holderOf } from './held.ts';
import { openParallel } from './parallel.ts';
import { openRepeat } from './repeat.ts';
import { evaluateCondition, outcomeOf } from './scope.ts';
import { beginWait } from './wait.ts';

const BEGIN: Readonly<Record<Step['kind'], (draft: Draft, place: StepPlace) => void>> = {
  action: performAttempt,
  parallel: openParallel,
  forEach: openForEach,
  repeat: openRepeat,
  choose: openChoose,
  wait: beginWait,
  workflow: startChild,
  check: evaluateCheck,
  approval: askApproval,
  unbuilt: refuse,
};

/** Begins a step, unless an earlier run's result stands for it, its `if` does not hold or a failed check holds it. */
export function begin(draft: Draft, place: StepPlace): void {
  draft.visit(place.path);
  const reused = draft.state.reused?.steps ?? {};
  // Only a top-level step has its id as its path.
  const output = Object.hasOwn(reused, place.path) ? reused[place.path] : undefined;
  if (output !== undefined) emit(draft, { type: 'step.succeeded', step: place.path, output });
  else beginUnlessSkipped(draft, place);
}

function beginUnlessSkipped(draft: Draft, place: StepPlace): void {
  const holds = condition(draft, place);
  if (!holds.ok) emit(draft, { type: 'step.failed', step: place.path, failure: holds.failure });
  else if (!holds.output) emit(draft, { type: 'step.skipped', step: place.path, reason: 'if' });
  else if (holderOf(draft, place) !== undefined)
    emit(draft, { type: 'step.skipped', step: place.path, reason: HELD });
  else BEGIN[place.node.step.kind](draft, place);
}

function condition(draft: Draft, place: StepPlace): Outcome<boolean> {
  const text = place.node.step.if;
  if (text === undefined) return { ok: true, output: true };
  return outcomeOf(place.path, () => evaluateCondition(draft, place, text));
}

/** The command line and the server refuse such a workflow before it runs; this is for one that came another way. */
function refuse(draft: Draft, { path, node }: StepPlace): void {
  const key = node.step.kind === 'unbuilt' ? node.step.key : node.step.kind;
  const message = `the step '${path}' uses '${key}', which is not built yet`;
  const hint = `take '${key}' out of the workflow or use a version of Cadre that has it`;
  emit(draft, { type: 'step.failed', step: path, failure: failure('not_built_yet', message, { hint }) });
}
