import { join } from '../path.ts';
import { closeContainer, deadlineOf } from './container.ts';
import { type Draft, emit, type ListPlace, type StepPlace, stepAt } from './draft.ts';
import { advanceList, stoppedIn } from './list.ts';
import { isClosed, listOutput } from './list-state.ts';
import { evaluateCondition, outcomeOf } from './scope.ts';

/** Takes the first branch whose `if` holds; where none does the step is skipped. */
export function openChoose(draft: Draft, place: StepPlace): void {
  const { path } = place;
  const chosen = outcomeOf(path, () => choose(draft, place));
  if (!chosen.ok) emit(draft, { type: 'step.failed', step: path, failure: chosen.failure });
  else if (chosen.output === -1) emit(draft, { type: 'step.skipped', step: path, reason: 'no branch holds' });
  else openBranch(draft, place, chosen.output);
}

function choose(draft: Draft, place: StepPlace): number {
  const { step } = place.node;
  const branches = step.kind === 'choose' ? step.branches : [];
  return branches.findIndex(
    (branch) => branch.if === undefined || evaluateCondition(draft, place, branch.if),
  );
}

function openBranch(draft: Draft, place: StepPlace, branch: number): void {
  emit(draft, { type: 'step.opened', step: place.path, branch, ...deadlineOf(draft, place) });
  const body = branchOf(draft, place);
  advanceList(draft, body, []);
  advanceChoose(draft, place);
}

export function advanceChoose(draft: Draft, place: StepPlace): void {
  const body = branchOf(draft, place);
  if (!isClosed(draft.state, body.path, body.list)) return;
  closeContainer(draft, place.path, body.path, {
    stopped: () => stoppedIn(draft, body),
    output: () => listOutput(draft.state, body.path, body.list),
  });
}

function branchOf(draft: Draft, { path, node }: StepPlace): ListPlace {
  const { branch = -1 } = stepAt(draft, path);
  const list = node.lists[branch];
  if (list === undefined) throw new Error(`bug: the step '${path}' has no branch ${branch}`);
  return { path: join(path, String(branch)), list };
}
