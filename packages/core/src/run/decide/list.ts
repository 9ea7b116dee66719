import { failure } from '@cadre/sdk';
import { type Graph, graphOf } from '../list-graph.ts';
import type { Node } from '../outline.ts';
import { join, nameOf } from '../path.ts';
import { type Draft, emit, type ListPlace, type StepPlace } from './draft.ts';
import { failLate } from './fail-late.ts';
import { isDone, isRecovering } from './list-state.ts';
import { fail, stopReason, wasStopped } from './stop.ts';

/**
 * Begins everything in a list that may begin now. `changed` are the paths of its steps that something happened to; a
 * sequence need not be told, it only ever goes on from the step that it began last.
 */
export function advanceList(draft: Draft, place: ListPlace, changed: readonly string[]): void {
  draft.visit(place.path);
  const graph = graphOf(place.list);
  if (graph === undefined) advanceSequence(draft, place);
  else advanceGraph(draft, place, graph, changed);
  failLate(draft, place);
}

export function stoppedIn(draft: Draft, { path, list }: ListPlace): boolean {
  return list.steps.some((node) => wasStopped(draft.state, join(path, node.step.id)));
}

function advanceSequence(draft: Draft, place: ListPlace): void {
  for (;;) {
    const begun = begunIn(draft, place);
    const last = place.list.steps[begun - 1];
    if (last !== undefined && !settleIn(draft, place, last)) return;
    skipRest(draft, place);
    const next = place.list.steps[begunIn(draft, place)];
    if (next === undefined) return;
    draft.moves.begin(draft, child(place, next));
  }
}

function advanceGraph(draft: Draft, place: ListPlace, graph: Graph, changed: readonly string[]): void {
  const positions = place.list.steps.keys();
  const settled = changed.map((path) => place.list.index.get(nameOf(path)) ?? -1).filter(isSettled);
  let front = begunIn(draft, place) === 0 ? [...positions] : dependentsOf(graph, settled);
  while (front.length > 0) front = dependentsOf(graph, front.filter(isOverAtOnce));
  if (!isIdle(draft, place)) return;
  refuseCycle(draft, place);
  skipRest(draft, place);

  function isSettled(position: number): boolean {
    const node = place.list.steps[position];
    return node !== undefined && settleIn(draft, place, node);
  }

  function isOverAtOnce(position: number): boolean {
    return beginIfReady(draft, place, graph, position) && isSettled(position);
  }
}

/** In the order of the text. */
function dependentsOf(graph: Graph, positions: readonly number[]): number[] {
  const dependents = positions.flatMap((position) => graph.dependents[position] ?? []);
  return [...new Set(dependents)].sort((a, b) => a - b);
}

function beginIfReady(draft: Draft, place: ListPlace, graph: Graph, position: number): boolean {
  const node = place.list.steps[position];
  if (node === undefined || stopReason(draft.state, place.path) !== undefined) return false;
  const at = child(place, node);
  if (draft.state.steps.has(at.path) || !isReady(draft, place, graph.needs[position] ?? [])) return false;
  draft.moves.begin(draft, at);
  return true;
}

/** From the last need to the first: the later one is the more likely to be still under way. */
function isReady(draft: Draft, place: ListPlace, needs: readonly number[]): boolean {
  return (
    needs.findLast((position) => {
      const node = place.list.steps[position];
      return node !== undefined && !isDone(draft.state, join(place.path, node.step.id), node);
    }) === undefined
  );
}

/** Nothing that was begun goes on any more. */
function isIdle(draft: Draft, { path, list }: ListPlace): boolean {
  const { begun = 0, over = 0 } = draft.state.steps.get(path) ?? {};
  return (
    begun === over &&
    !list.recoverable.some((node) => isRecovering(draft.state, join(path, node.step.id), node))
  );
}

/** Only in a workflow that was never checked; without this its run would never end. */
function refuseCycle(draft: Draft, place: ListPlace): void {
  const left = place.list.steps.length - begunIn(draft, place);
  if (left === 0 || stopReason(draft.state, place.path) !== undefined) return;
  const unbegun = place.list.steps.filter((node) => !draft.state.steps.has(child(place, node).path));
  const names = unbegun.map((node) => `'${node.step.id}'`).join(', ');
  const message = `the steps ${names} wait for each other, so none of them can begin`;
  fail(draft, place.path, failure('invalid_workflow', message, { hint: 'take one of their needs away' }));
}

/** False while the step is active. A step that failed for good makes the list fail. */
function settleIn(draft: Draft, place: ListPlace, node: Node): boolean {
  const standing = draft.moves.settle(draft, child(place, node));
  if (standing.kind === 'fatal') fail(draft, place.path, standing.failure);
  return standing.kind !== 'active';
}

/** Where nothing new may begin and nothing goes on, the rest is over: that it was left out shows in the journal. */
function skipRest(draft: Draft, place: ListPlace): void {
  const reason = stopReason(draft.state, place.path);
  if (reason === undefined || begunIn(draft, place) === place.list.steps.length) return;
  for (const node of place.list.steps) {
    const { path } = child(place, node);
    if (!draft.state.steps.has(path)) emit(draft, { type: 'step.skipped', step: path, reason });
  }
}

function begunIn(draft: Draft, place: ListPlace): number {
  return draft.state.steps.get(place.path)?.begun ?? 0;
}

function child(place: ListPlace, node: Node): StepPlace {
  return { path: join(place.path, node.step.id), node };
}
