import type { Step } from '../../workflow/workflow.ts';
import { locate } from '../outline.ts';
import { COMPENSATE, nameOf, outward, parentOf, RECOVER } from '../path.ts';
import type { RunState } from '../state.ts';
import { isOver } from '../status.ts';
import { advanceChoose } from './choose.ts';
import { type Change, type Draft, type StepPlace, stepAt } from './draft.ts';
import { advanceForEach } from './for-each.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';
import { advanceParallel } from './parallel.ts';
import { advanceRepeat } from './repeat.ts';

type Advance = (draft: Draft, place: StepPlace, changed: readonly string[]) => void;

const ADVANCE: Partial<Readonly<Record<Step['kind'], Advance>>> = {
  parallel: advanceParallel,
  forEach: advanceForEach,
  repeat: advanceRepeat,
  choose: advanceChoose,
};

/** From a container in which something happened outward, as long as each one is over and so changes the next. */
export function climb(draft: Draft, { container, children }: Change): void {
  let changed = children;
  for (let path: string | undefined = container; path !== undefined; path = parentOf(path)) {
    // The end of a recovery is no end of its step: how that goes on is decided in the step's own container. Where a step
    // was undone nothing follows in the containers around it.
    if (changed.some((child) => nameOf(child) === COMPENSATE)) return;
    const recovered = changed.some((child) => nameOf(child) === RECOVER);
    if (!recovered && !isOverAfter(draft, path, changed)) return;
    changed = [path];
  }
}

/**
 * Something else may have ended the container meanwhile, or a container around it. A list has no end of its own, so
 * what it stands in is asked too; a step whose recovery it is has failed.
 */
function isOpen(state: RunState, container: string): boolean {
  let inner = '';
  for (const path of outward(container)) {
    if (nameOf(inner) === COMPENSATE) return true;
    const status = state.steps.get(path)?.status ?? 'pending';
    const open =
      nameOf(inner) === RECOVER ? status === 'failed' || status === 'timed_out' : status === 'running';
    if (!open) return false;
    inner = path;
  }
  return true;
}

function isOverAfter(draft: Draft, path: string, changed: readonly string[]): boolean {
  if (!isOpen(draft.state, path)) return false;
  const there = changed.filter((child) => draft.state.steps.has(child));
  const located = locate(draft.outline, path);
  if ('list' in located) {
    advanceList(draft, { path, list: located.list }, there);
    return isClosed(draft.state, path, located.list);
  }
  ADVANCE[located.node.step.kind]?.(draft, { path, node: located.node }, there);
  return isOver(stepAt(draft, path).status);
}
