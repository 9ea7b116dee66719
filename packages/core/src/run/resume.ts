import type { Workflow } from '../workflow/workflow.ts';
import type { Moment } from './decide.ts';
import type { RunEvent } from './events.ts';
import { locate, outlineOf } from './outline.ts';
import type { RunState } from './state.ts';

/**
 * Paths of the attempts under way, in a fixed order. Right after a start nobody performs them any more; a step that is a
 * run of its own goes on without anybody's help.
 */
export function pendingAttempts(state: RunState): string[] {
  return [...state.running].filter((path) => state.steps.get(path)?.child === undefined).sort();
}

/**
 * What to append when a run is taken over from a process that died: that its attempts were interrupted. The decision
 * that follows tries them again or asks. `isRepeatable` says of an action whether performing it twice is safe.
 */
export function commandsOnResume(
  workflow: Workflow,
  state: RunState,
  moment: Moment,
  isRepeatable: (uses: string) => boolean,
): RunEvent[] {
  const outline = outlineOf(workflow);
  return pendingAttempts(state).map((path) => {
    const located = locate(outline, path);
    const step = 'node' in located ? located.node.step : undefined;
    return {
      at: moment.now,
      type: 'step.interrupted',
      step: path,
      attempt: state.steps.get(path)?.attempts ?? 0,
      repeatable: step?.kind === 'action' && isRepeatable(step.uses),
    };
  });
}
