import type { JsonValue } from '@cadre/sdk';
import { isCadreError } from '../errors.ts';
import { references } from '../expression/references.ts';
import type { Step, Workflow } from '../workflow/workflow.ts';
import { FINALLY, ON_FAILURE, RECOVER } from './path.ts';

/** A workflow's steps as a run walks them. Made once for each workflow. */
export interface Outline {
  readonly workflow: Workflow;
  readonly steps: List;
  readonly onFailure: List;
  readonly finally: List;
  /** Where the step with an id stands. */
  readonly byId: ReadonlyMap<string, Address>;
}

/** Steps that stand in one container, and the order in which they are begun. */
export interface List {
  readonly steps: readonly Node[];
  readonly index: ReadonlyMap<string, number>;
  /** Absent: one after another in the order of the text. */
  readonly graph?: Graph;
  /** Those that may be under recovery after they are over. */
  readonly recoverable: readonly Node[];
}

export interface Graph {
  /** For each step the positions of those that must be over before it. */
  readonly needs: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
}

export interface Node {
  readonly step: Step;
  /** The lists inside: the branches of a parallel as one list, the body of a forEach, the branches of a choose. */
  readonly lists: readonly List[];
  readonly recover?: List;
}

/** The segments of a path; `*` stands for the number of an element. */
export interface Address {
  readonly segments: readonly string[];
  readonly node: Node;
}

const OUTLINES = new WeakMap<Workflow, Outline>();

export function outlineOf(workflow: Workflow): Outline {
  const known = OUTLINES.get(workflow);
  if (known !== undefined) return known;
  const byId = new Map<string, Address>();
  const order = workflow.mode === 'graph' ? asData : inSequence;
  const outline = {
    workflow,
    byId,
    steps: listOf(workflow.steps, [], order, order, byId),
    onFailure: listOf(workflow.onFailure, [ON_FAILURE], inSequence, inSequence, byId),
    finally: listOf(workflow.finally, [FINALLY], inSequence, inSequence, byId),
  };
  OUTLINES.set(workflow, outline);
  return outline;
}

type Order = (steps: readonly Step[]) => Graph | undefined;

/** `order` holds for this list, `inner` for those in the bodies inside it. */
function listOf(
  steps: readonly Step[],
  segments: readonly string[],
  order: Order,
  inner: Order,
  byId: Map<string, Address>,
): List {
  const nodes = steps.map((step) => nodeOf(step, [...segments, step.id], inner, byId));
  const graph = order(steps);
  return {
    steps: nodes,
    index: new Map(steps.map((step, position) => [step.id, position])),
    ...(graph === undefined ? {} : { graph }),
    recoverable: nodes.filter((node) => node.recover !== undefined),
  };
}

function nodeOf(step: Step, segments: readonly string[], inner: Order, byId: Map<string, Address>): Node {
  const node: Node = {
    step,
    lists: listsIn(step, segments, inner, byId),
    ...(step.onError.kind === 'recover'
      ? { recover: listOf(step.onError.steps, [...segments, RECOVER], inSequence, inSequence, byId) }
      : {}),
  };
  byId.set(step.id, { segments, node });
  return node;
}

function listsIn(step: Step, segments: readonly string[], inner: Order, byId: Map<string, Address>): List[] {
  switch (step.kind) {
    case 'parallel':
      return [listOf(step.branches, segments, allAtOnce, inner, byId)];
    case 'forEach':
      return [listOf(step.steps, [...segments, '*'], inner, inner, byId)];
    case 'choose':
      return step.branches.map((branch, position) =>
        listOf(branch.steps, [...segments, String(position)], inner, inner, byId),
      );
    default:
      return [];
  }
}

function inSequence(): undefined {
  return undefined;
}

function allAtOnce(steps: readonly Step[]): Graph {
  return { needs: steps.map(() => []), dependents: steps.map(() => []) };
}

/** A step needs what it names, and what it or anything inside it reads. */
function asData(steps: readonly Step[]): Graph {
  const holder = new Map<string, number>();
  steps.forEach((step, position) => {
    for (const inside of withInside(step)) holder.set(inside.id, position);
  });
  const needs = steps.map((step, position) => {
    const names = [...withInside(step)].flatMap((inside) => [...inside.needs, ...readsOf(inside)]);
    const positions = names.map((name) => holder.get(name)).filter((at) => at !== undefined);
    return [...new Set(positions)].filter((at) => at !== position).sort((a, b) => a - b);
  });
  const dependents: number[][] = steps.map(() => []);
  needs.forEach((positions, dependent) => {
    for (const position of positions) dependents[position]?.push(dependent);
  });
  return { needs, dependents };
}

function* withInside(step: Step): Generator<Step> {
  yield step;
  for (const inside of stepsIn(step)) yield* withInside(inside);
}

function stepsIn(step: Step): readonly Step[] {
  const recovery = step.onError.kind === 'recover' ? step.onError.steps : [];
  switch (step.kind) {
    case 'parallel':
      return [...step.branches, ...recovery];
    case 'forEach':
      return [...step.steps, ...recovery];
    case 'choose':
      return [...step.branches.flatMap((branch) => branch.steps), ...recovery];
    default:
      return recovery;
  }
}

const READS = new WeakMap<Step, readonly string[]>();

/** Ids of the steps that a step's own expressions read, without those of the steps inside it. */
export function readsOf(step: Step): readonly string[] {
  const known = READS.get(step);
  if (known !== undefined) return known;
  const reads = stepsRead([
    step.if ?? null,
    step.env ?? null,
    step.idempotencyKey ?? null,
    ...templates(step),
  ]);
  READS.set(step, reads);
  return reads;
}

/** An expression that cannot be parsed reads nothing: it fails its step with the reason when it is evaluated. */
export function stepsRead(templates: readonly unknown[]): readonly string[] {
  return [...new Set(templates.flatMap(readsOfTemplate))];
}

function readsOfTemplate(template: unknown): string[] {
  try {
    return [...references(template as JsonValue).steps];
  } catch (error) {
    if (isCadreError(error)) return [];
    throw error;
  }
}

function templates(step: Step): unknown[] {
  switch (step.kind) {
    case 'action':
      return [step.with];
    case 'forEach':
      return [step.items];
    case 'choose':
      return step.branches.map((branch) => branch.if ?? null);
    case 'check':
      return step.conditions.flatMap((condition) => [condition.that, condition.message ?? null]);
    case 'approval':
      return [step.prompt];
    default:
      return [];
  }
}

export type Located = { readonly list: List } | { readonly node: Node };

/** What stands at a path. Throws when the workflow has nothing there: the journal belongs to another definition. */
export function locate(outline: Outline, path: string): Located {
  let here: Located = { list: outline.steps };
  for (const segment of path === '' ? [] : path.split('/')) {
    const inside = stepInto(outline, here, segment);
    if (inside === undefined)
      throw new Error(`bug: the workflow ${outline.workflow.name} has no step '${path}'`);
    here = inside;
  }
  return here;
}

function stepInto(outline: Outline, here: Located, segment: string): Located | undefined {
  if (segment === ON_FAILURE) return { list: outline.onFailure };
  if (segment === FINALLY) return { list: outline.finally };
  if ('list' in here) return named(here.list, segment);
  const { node } = here;
  if (segment === RECOVER) return wrapped(node.recover);
  switch (node.step.kind) {
    case 'parallel':
      return named(node.lists[0], segment);
    case 'forEach':
      return wrapped(node.lists[0]);
    default:
      return wrapped(node.lists[Number(segment)]);
  }
}

function named(list: List | undefined, id: string): Located | undefined {
  const node = list?.steps[list.index.get(id) ?? -1];
  return node === undefined ? undefined : { node };
}

function wrapped(list: List | undefined): Located | undefined {
  return list === undefined ? undefined : { list };
}

/**
 * The path of an address as seen from another path: elements that both stand in are the same ones. Undefined for a step
 * inside a forEach that the reader stands outside of.
 */
export function pathOf(address: Address, from: string): string | undefined {
  const reader = from.split('/');
  const path: string[] = [];
  for (const [position, segment] of address.segments.entries()) {
    const beside = path.every((name, at) => name === reader[at]);
    const actual = segment === '*' ? (beside ? reader[position] : undefined) : segment;
    if (actual === undefined) return undefined;
    path.push(actual);
  }
  return path.join('/');
}
