import type { JsonValue } from '@cadre/sdk';
import { type List, type Node, recoveryIn } from '../outline.ts';
import { join, RECOVER } from '../path.ts';
import type { RunState } from '../state.ts';
import { isOver } from '../status.ts';

/** Nothing in the list goes on any more, and nothing is left to begin. */
export function isClosed(state: RunState, path: string, list: List): boolean {
  const { begun = 0, over = 0 } = state.steps.get(path) ?? {};
  if (begun < list.steps.length || over < begun) return false;
  return !list.recoverable.some((node) => isRecovering(state, join(path, node.step.id), node));
}

/** A step under recovery has failed and so is over by its status, but its container must wait for it. */
export function isRecovering(state: RunState, path: string, node: Node): boolean {
  const body = join(path, RECOVER);
  return node.recover !== undefined && state.steps.has(body) && !isClosed(state, body, node.recover);
}

/** Over, and not under recovery. */
export function isDone(state: RunState, path: string, node: Node): boolean {
  const step = state.steps.get(path);
  return step !== undefined && isOver(step.status) && !isRecovering(state, path, node);
}

/** What the last step of a list gave that was not skipped; null when there is none. */
export function listOutput(state: RunState, path: string, list: List): JsonValue {
  const last = list.steps.findLast((node) => state.steps.get(join(path, node.step.id))?.status !== 'skipped');
  return last === undefined ? null : outputOf(state, join(path, last.step.id), last);
}

/** A step that its recovery replaced stays `failed`, so that everybody sees it, and gives what the recovery gave. */
export function outputOf(state: RunState, path: string, node: Node): JsonValue {
  const step = state.steps.get(path);
  const body = join(path, RECOVER);
  const recovered = step?.failure !== undefined && replaces(node) && state.steps.has(body);
  if (!recovered || node.recover === undefined) return step?.output ?? null;
  return listOutput(state, body, node.recover);
}

function replaces(node: Node): boolean {
  return recoveryIn(node.step.onError)?.then === 'continue';
}
