import type { JsonObject } from '@cadre/sdk';
import type { Budget } from '../../workflow/workflow.ts';
import type { Command } from '../commands.ts';
import { priorityOf } from '../priority.ts';
import { asksForBudget } from './ask-for-budget.ts';
import { reserveFor } from './budget.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { keepEntries } from './keep-large.ts';
import { permissionSetsOf } from './permission-sets.ts';
import { evaluateFor, outcomeOf } from './scope.ts';
import { wallOf } from './step-time.ts';

/**
 * Hands out a run of its own. Its id follows from the place in the journal, so that starting it a second time after a
 * crash finds the first.
 */
export function startChild(draft: Draft, place: StepPlace): void {
  const { path } = place;
  if (asksForBudget(draft, path)) return;
  const attempt = (draft.state.steps.get(path)?.attempts ?? 0) + 1;
  const child = `${draft.moment.runId}.${draft.state.number + 1}`;
  const reserved = withTime(reserveFor(draft, path), wallOf(draft, path, place.node.step), draft.moment.now);
  const kept = reserved === undefined ? {} : { reserved };
  emit(draft, { type: 'step.started', step: path, attempt, child, ...kept });
  const command = outcomeOf(path, () => commandFor(draft, place, attempt, child, reserved));
  if (command.ok) draft.performs.set(path, command.output);
  else emit(draft, { type: 'step.failed', step: path, failure: command.failure });
}

/** The time that is left of the step's own budget stands with what is reserved: whoever ends the run by it says so. */
function withTime(reserved: Budget | undefined, wallAt: number | undefined, now: number): Budget | undefined {
  return wallAt === undefined ? reserved : { ...reserved, wallMs: Math.max(1, wallAt - now) };
}

function commandFor(
  draft: Draft,
  place: StepPlace,
  attempt: number,
  child: string,
  budget: Budget | undefined,
): Command {
  const { step } = place.node;
  if (step.kind !== 'workflow') throw new Error(`bug: the step '${place.path}' is no run of its own`);
  const priority = priorityOf(draft.state, place.path, step.priority);
  const permissionSets = permissionSetsOf(draft, place.path);
  return {
    type: 'start-run',
    step: place.path,
    attempt,
    child,
    workflow: step.workflow,
    inputs: keepEntries(draft.moment.artifacts, evaluateFor(draft, place, step.with) as JsonObject),
    ...(step.timeoutMs === undefined ? {} : { timeoutMs: step.timeoutMs }),
    ...(budget === undefined ? {} : { budget }),
    ...(permissionSets.length === 0 ? {} : { permissionSets }),
    ...(priority === undefined ? {} : { priority }),
  };
}
