import { type List, locate, type Outline } from '../outline.ts';
import { COMPENSATE, join } from '../path.ts';
import type { RunState } from '../state.ts';
import { type Draft, emit } from './draft.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';

/**
 * Undoes what succeeded before the run failed, the last first, each when the one before is over. One that cannot be
 * undone keeps nothing of the rest from being undone; it shows in the report. True once all of it is over.
 */
export function compensate(draft: Draft): boolean {
  if (draft.state.mode === 'plan') return true;
  if (draft.state.compensating === undefined) {
    const steps = undoable(draft.outline, draft.state);
    if (steps.length === 0) return true;
    emit(draft, { type: 'run.compensating', steps });
  }
  return (draft.state.compensating ?? []).every((step) => isUndone(draft, step));
}

function isUndone(draft: Draft, step: string): boolean {
  const path = join(step, COMPENSATE);
  const list = listOf(draft.outline, step);
  if (isClosed(draft.state, path, list)) return true;
  advanceList(draft, { path, list }, []);
  return isClosed(draft.state, path, list);
}

function listOf(outline: Outline, step: string): List {
  const located = locate(outline, step);
  const list = 'node' in located ? located.node.compensate : undefined;
  if (list === undefined) throw new Error(`bug: nothing undoes the step '${step}'`);
  return list;
}

/** By when they ended, the last first; of those that ended at one moment the later in the text. */
function undoable(outline: Outline, state: RunState): string[] {
  if (outline.compensable.size === 0) return [];
  const found = state.steps
    .entrySeq()
    .filter(([path, step]) => step.status === 'succeeded' && outline.compensable.has(lastId(path)))
    .map(([path, { endedAt = 0 }], index) => ({
      path,
      endedAt,
      index: outline.compensable.get(lastId(path)) ?? index,
    }))
    .toArray();
  const order = (one: string, other: string) => one.localeCompare(other, 'en', { numeric: true });
  return found
    .sort((a, b) => b.endedAt - a.endedAt || b.index - a.index || order(b.path, a.path))
    .map(({ path }) => path);
}

function lastId(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
