import { limitsUse } from '../budget/limits.ts';
import { type Order, walkSteps } from '../workflow/walk-steps.ts';
import type { ErrorRoute, OnError, Step, Workflow } from '../workflow/workflow.ts';
import { COMPENSATE, FINALLY, ON_FAILURE, RECOVER } from './path.ts';

/** A workflow's steps as a run walks them. Made once for each workflow. */
export interface Outline {
  readonly workflow: Workflow;
  readonly steps: List;
  readonly onFailure: List;
  readonly finally: List;
  /** Where the step with an id stands. */
  readonly byId: ReadonlyMap<string, Address>;
  /** Ids of the steps that can be undone, and which place they have in the text. */
  readonly compensable: ReadonlyMap<string, number>;
  /** The budget of the workflow or of a step limits more than the time. */
  readonly limited: boolean;
}

/** Steps that stand in one container, and the order in which they are begun. */
export interface List {
  readonly steps: readonly Node[];
  readonly index: ReadonlyMap<string, number>;
  readonly order: Order;
  /** Of the bodies inside its steps. */
  readonly inner: Order;
  /** Those that may be under recovery after they are over. */
  readonly recoverable: readonly Node[];
  /** Those by which the list may fail after all of it is over. */
  readonly late: readonly Node[];
}

export interface Node {
  readonly step: Step;
  /** The lists inside: the branches of a parallel as one list, the body of a forEach, the branches of a choose. */
  readonly lists: readonly List[];
  readonly recover?: List;
  readonly compensate?: List;
  /** Another step names it in its `heldBy`. */
  readonly holds: boolean;
}

/** The segments of a path; `*` stands for the number of an element. */
export interface Address {
  readonly segments: readonly string[];
  /** Undefined where it depends on an element. */
  readonly path: string | undefined;
  readonly node: Node;
}

const OUTLINES = new WeakMap<Workflow, Outline>();

export function outlineOf(workflow: Workflow): Outline {
  const known = OUTLINES.get(workflow);
  if (known !== undefined) return known;
  const byId = new Map<string, Address>();
  const holders = new Set(walkSteps(workflow).flatMap(({ step }) => step.heldBy ?? []));
  const making: Making = { byId, holders };
  const steps = listOf(workflow.steps, workflow.mode, workflow.mode, [], making);
  // What is done because the run failed is not undone.
  const compensable = [...byId]
    .filter(([, { node }]) => node.compensate !== undefined)
    .map(([id], at) => [id, at] as const);
  const outline = {
    workflow,
    byId,
    steps,
    compensable: new Map(compensable),
    onFailure: listOf(workflow.onFailure, 'sequence', 'sequence', [ON_FAILURE], making),
    finally: listOf(workflow.finally, 'sequence', 'sequence', [FINALLY], making),
    // After all lists were made, which fills the index.
    limited: limitsUse(workflow.budget) || [...byId.values()].some(({ node }) => limitsUse(node.step.budget)),
  };
  OUTLINES.set(workflow, outline);
  return outline;
}

/** Whether something of it limits more than the time. */
export function isLimitedWorkflow(workflow: Workflow): boolean {
  return outlineOf(workflow).limited;
}

interface Making {
  readonly byId: Map<string, Address>;
  /** Ids of the steps that hold others. */
  readonly holders: ReadonlySet<string>;
}

function listOf(
  steps: readonly Step[],
  order: Order,
  inner: Order,
  segments: readonly string[],
  making: Making,
): List {
  const nodes = steps.map((step) => nodeOf(step, inner, [...segments, step.id], making));
  const index = new Map(steps.map((step, position) => [step.id, position]));
  return {
    steps: nodes,
    index,
    order,
    inner,
    recoverable: nodes.filter((node) => node.recover !== undefined),
    late: nodes.filter(mayFailLate),
  };
}

function mayFailLate({ step, holds }: Node): boolean {
  return holds || step.heldBy !== undefined || routesOf(step.onError).some(({ kind }) => kind === 'defer');
}

function routesOf(onError: OnError): readonly ErrorRoute[] {
  return onError.kind === 'routes' ? onError.routes.map(({ route }) => route) : [onError];
}

/** The one route of a step that mends it. */
export function recoveryIn(onError: OnError): Extract<ErrorRoute, { readonly kind: 'recover' }> | undefined {
  return routesOf(onError).find((route) => route.kind === 'recover');
}

function nodeOf(step: Step, inner: Order, segments: readonly string[], making: Making): Node {
  const node: Node = {
    step,
    holds: making.holders.has(step.id),
    lists: listsIn(step, inner, segments, making),
    ...aside('recover', recoveryIn(step.onError)?.steps, RECOVER),
    ...aside('compensate', step.compensate, COMPENSATE),
  };

  function aside(key: 'recover' | 'compensate', steps: readonly Step[] | undefined, segment: string) {
    if (steps === undefined) return {};
    return { [key]: listOf(steps, 'sequence', 'sequence', [...segments, segment], making) };
  }

  making.byId.set(step.id, { segments, path: segments.includes('*') ? undefined : segments.join('/'), node });
  return node;
}

function listsIn(step: Step, inner: Order, segments: readonly string[], making: Making): List[] {
  switch (step.kind) {
    case 'parallel':
      return [listOf(step.branches, 'at-once', inner, segments, making)];
    case 'forEach':
    case 'repeat':
      return [listOf(step.steps, inner, inner, [...segments, '*'], making)];
    case 'choose':
      return step.branches.map((branch, position) =>
        listOf(branch.steps, inner, inner, [...segments, String(position)], making),
      );
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
  if (segment === COMPENSATE) return wrapped(node.compensate);
  switch (node.step.kind) {
    case 'parallel':
      return named(node.lists[0], segment);
    case 'forEach':
    case 'repeat':
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
  if (address.path !== undefined) return address.path;
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
