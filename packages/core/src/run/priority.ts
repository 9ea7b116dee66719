import type { Workflow } from '../workflow/workflow.ts';
import { locate, outlineOf } from './outline.ts';
import type { RunState } from './state.ts';

/** How much an attempt of the step matters: what a person said of it, else its own priority and that of the run. */
export function priorityOf(state: RunState, path: string, own: number | undefined): number | undefined {
  const said = state.steps.get(path)?.priority;
  if (said !== undefined) return said;
  return own === undefined || state.priority === undefined ? (own ?? state.priority) : own + state.priority;
}

/** The same, for a path of a run; undefined for what performs nothing. */
export function priorityAt(workflow: Workflow, state: RunState, path: string): number | undefined {
  const located = locate(outlineOf(workflow), path);
  return 'node' in located ? (priorityOf(state, path, located.node.step.priority) ?? 0) : undefined;
}
