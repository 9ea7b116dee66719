import type { Path } from './path.ts';
import type { Position, Workflow } from './workflow.ts';

/** Where in the text something stands; undefined for what was never text. */
export type FindPosition = (path: Path) => Position | undefined;

/** Beside the workflow and not in it: a definition is plain data, and checking it wants every place of its text. */
const FINDERS = new WeakMap<Workflow, FindPosition>();

export function rememberPositions(workflow: Workflow, find: FindPosition): void {
  FINDERS.set(workflow, find);
}

/** For a workflow that was parsed from text in this process; for others nothing has a position. */
export function positionsOf(workflow: Workflow): FindPosition {
  return FINDERS.get(workflow) ?? (() => undefined);
}
