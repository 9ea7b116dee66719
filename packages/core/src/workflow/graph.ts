import type { JsonValue } from '@cadre/sdk';
import { isCadreError } from '../errors.ts';
import { references } from '../expression/references.ts';
import { templatesOf } from './templates.ts';
import { listsIn, type StepList, topLists } from './walk-steps.ts';
import type { Step, Workflow } from './workflow.ts';

/**
 * What each top-level step waits for, by id: in a graph what it names in `needs` and `heldBy` and what it, or a step inside it,
 * reads in an expression; in a sequence the step before it.
 */
export function dependencies(workflow: Workflow): ReadonlyMap<string, readonly string[]> {
  return dependenciesIn(topLists(workflow).steps);
}

/** The same for the steps of any list. */
export function dependenciesIn(list: StepList): ReadonlyMap<string, readonly string[]> {
  const { steps } = list;
  switch (list.order) {
    case 'at-once':
      return new Map(steps.map((step) => [step.id, []]));
    case 'sequence':
      return new Map(
        steps.map((step, index) => [step.id, steps.slice(Math.max(0, index - 1), index).map(({ id }) => id)]),
      );
    case 'graph':
      return asGraph(list);
  }
}

function asGraph(list: StepList): ReadonlyMap<string, readonly string[]> {
  const insides = list.steps.map((step, index) => withInside(step, list, index));
  const holders = new Map(
    insides.flatMap((inside, index) => inside.map((step) => [step.id, list.steps[index]?.id ?? ''] as const)),
  );
  return new Map(
    list.steps.map((step, index) => {
      const named = (insides[index] ?? []).flatMap((inner) => [
        ...inner.needs,
        ...(inner.heldBy ?? []),
        ...readsOf(inner),
      ]);
      const held = named.map((id) => holders.get(id)).filter((id) => id !== undefined && id !== step.id);
      return [step.id, [...new Set(held as string[])]];
    }),
  );
}

function withInside(step: Step, list: StepList, index: number): Step[] {
  const inner = listsIn(step, [...list.path, index], list.inner);
  return [
    step,
    ...inner.flatMap((innerList) => innerList.steps.flatMap((each, at) => withInside(each, innerList, at))),
  ];
}

/** Ids of the steps that a step's own expressions read. One that cannot be parsed reads nothing: `checkWorkflow` tells. */
export function readsOf(step: Step): string[] {
  return templatesOf(step).flatMap(({ template }) => stepsRead(template));
}

export function stepsRead(template: JsonValue): string[] {
  try {
    return references(template).steps;
  } catch (error) {
    if (isCadreError(error)) return [];
    throw error;
  }
}

/**
 * Ids of the top-level steps in waves: those of a wave need only steps of waves before it. Steps of a cycle, which
 * `checkWorkflow` refuses, stand in no wave.
 */
export function waves(workflow: Workflow): string[][] {
  const needs = dependencies(workflow);
  const missing = new Map([...needs].map(([id, ids]) => [id, ids.length]));
  const dependents = Map.groupBy(
    [...needs].flatMap(([id, ids]) => ids.map((need) => ({ id, need }))),
    ({ need }) => need,
  );
  const order = new Map([...needs.keys()].map((id, index) => [id, index]));
  const inOrder = (ids: string[]) => ids.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const result: string[][] = [];
  let wave = [...missing].filter(([, count]) => count === 0).map(([id]) => id);
  while (wave.length > 0) {
    result.push(wave);
    const settled = wave.flatMap((done) =>
      (dependents.get(done) ?? []).filter(({ id }) => settle(missing, id)),
    );
    wave = inOrder(settled.map(({ id }) => id));
  }
  return result;
}

/** One need less; true when it was the last. */
function settle(missing: Map<string, number>, id: string): boolean {
  const count = (missing.get(id) ?? 0) - 1;
  missing.set(id, count);
  return count === 0;
}

/** The ids along a cycle, first and last the same; undefined when there is none. */
export function findCycle(needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of needs.keys()) {
    const cycle = cycleFrom(start, needs, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Without recursion: a chain may be ten thousand steps long. */
function cycleFrom(
  start: string,
  needs: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | undefined {
  const trail: { id: string; next: number }[] = [{ id: start, next: 0 }];
  const onTrail = new Set([start]);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const id = done.has(top.id) ? undefined : needs.get(top.id)?.[top.next];
    top.next += 1;
    if (id === undefined) {
      done.add(top.id);
      onTrail.delete(top.id);
      trail.pop();
    } else if (onTrail.has(id)) {
      const ids = trail.map((step) => step.id);
      return [...ids.slice(ids.indexOf(id)), id];
    } else {
      trail.push({ id, next: 0 });
      onTrail.add(id);
    }
  }
  return undefined;
}
