import type { Path } from './path.ts';
import type { Position, Step, Workflow } from './workflow.ts';

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

const WRITTEN_AS_RUN = new WeakSet<Step>();

/** `run: make` is compiled to inputs of `shell/run`; people look for what they wrote. */
export function rememberRun(step: Step): void {
  WRITTEN_AS_RUN.add(step);
}

/** A path in a step as its author wrote it. */
export function writtenPath(path: Path, step: Step | undefined): Path {
  const at = path.lastIndexOf('with');
  if (step === undefined || at === -1 || !WRITTEN_AS_RUN.has(step)) return path;
  const [key = 'run', ...deeper] = path.slice(at + 1);
  return [...path.slice(0, at), key === 'command' ? 'run' : key, ...deeper];
}
