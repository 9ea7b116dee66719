import { join } from '../path.ts';
import { closeContainer, deadlineOf } from './container.ts';
import { type Draft, emit, type ListPlace, type StepPlace } from './draft.ts';
import { advanceList } from './list.ts';
import { isClosed, outputOf } from './list-state.ts';
import { wasStopped } from './stop.ts';

export function openParallel(draft: Draft, place: StepPlace): void {
  emit(draft, { type: 'step.opened', step: place.path, ...deadlineOf(draft, place) });
  advanceParallel(draft, place, []);
}

/** The branches are a list in which nothing waits for anything. */
export function advanceParallel(draft: Draft, place: StepPlace, changed: readonly string[]): void {
  const branches = branchesOf(place);
  advanceList(draft, branches, changed);
  if (!isClosed(draft.state, branches.path, branches.list)) return;
  const children = branches.list.steps.map((node) => ({ node, path: join(place.path, node.step.id) }));
  closeContainer(draft, place.path, place.path, {
    stopped: () => children.some(({ path }) => wasStopped(draft.state, path)),
    output: () =>
      Object.fromEntries(children.map(({ node, path }) => [node.step.id, outputOf(draft.state, path, node)])),
  });
}

function branchesOf({ path, node }: StepPlace): ListPlace {
  const [list] = node.lists;
  if (list === undefined) throw new Error(`bug: the step '${path}' has no branches`);
  return { path, list };
}
