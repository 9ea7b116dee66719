import { failure, type JsonValue, type Outcome } from '@cadre/sdk';
import { evaluate } from '../../expression/evaluate.ts';
import type { List } from '../outline.ts';
import { stepsRead } from '../outline.ts';
import { FINALLY, ON_FAILURE } from '../path.ts';
import { isOver } from '../status.ts';
import { type Draft, emit } from './draft.ts';
import { advanceList } from './list.ts';
import { isClosed } from './list-state.ts';
import { outcomeOf, scopeAt } from './scope.ts';
import { RUN_TIMED_OUT, stopInside } from './stop.ts';

/** The workflow's steps, then `onFailure` when they failed, then `finally`, then the end; each when the one before is over. */
export function advanceRun(draft: Draft): void {
  const { onFailure, finally: last } = draft.outline;
  if (!isFinished(draft, '', draft.outline.steps)) return;
  if (needsOnFailure(draft) && !isFinished(draft, ON_FAILURE, onFailure)) return;
  if (!isFinished(draft, FINALLY, last)) return;
  endRun(draft);
}

function isFinished(draft: Draft, path: string, list: List): boolean {
  advanceList(draft, { path, list }, []);
  return isClosed(draft.state, path, list);
}
