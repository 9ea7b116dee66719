import type { Step } from '../../workflow/workflow.ts';
import { locate } from '../outline.ts';
import { nameOf, parentOf, RECOVER } from '../path.ts';
import { isOver } from '../status.ts';
import { advanceChoose } from './choose.ts';
import { type Change, type Draft, type StepPlace, stepAt } from './draft.ts';
import { advanceForEach } from './for-each.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';
import { advanceParallel } from './parallel.ts';

type Advance = (draft: Draft, place: StepPlace, changed: readonly string[]) => void;

const ADVANCE: Partial<Readonly<Record<Step['kind'], Advance>>> = {
  parallel: advanceParallel,
  forEach: advanceForEach,
  choose: advanceChoose,
};

/** From a container in which something happened outward, as long as each one is over and so changes the next. */
export function climb(draft: Draft, { container, children }: Change): void {
  let changed = children;
  for (let path: string | undefined = container; path !== undefined; path = parentOf(path)) {
    if (!isOverAfter(draft, path, changed)) return;
    changed = [path];
  }
}

function isOverAfter(draft: Draft, path: string, changed: readonly string[]): boolean {
  // A recovery has come to its end: what follows from it is for the container of its step.
  if (changed.some((child) => nameOf(child) === RECOVER)) return true;
  // Something else in this decision may have ended the container meanwhile, or opened it again.
  if (draft.state.steps.get(path)?.status !== 'running') return false;
  const there = changed.filter((child) => draft.state.steps.has(child));
  const located = locate(draft.outline, path);
  if ('node' in located) {
    ADVANCE[located.node.step.kind]?.(draft, { path, node: located.node }, there);
    return isOver(stepAt(draft, path).status);
  }
  advanceList(draft, { path, list: located.list }, there);
  return isClosed(draft.state, path, located.list);
}
