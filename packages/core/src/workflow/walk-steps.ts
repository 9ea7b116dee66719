import type { Path } from './path.ts';
import type { Step, Workflow } from './workflow.ts';

/** How the steps of a list follow each other. */
export type Order = 'sequence' | 'graph' | 'at-once';

/** Steps that stand together under one key of the document. */
export interface StepList {
  readonly steps: readonly Step[];
  readonly order: Order;
  /** The order of the bodies of its steps: in a graph they are graphs too; what mends or undoes goes one by one. */
  readonly inner: Order;
  /** Of the list in the document; the steps stand at `[...path, 0]` and so on. */
  readonly path: Path;
  /** What the list is for its step: its body, what mends it, or what undoes it. */
  readonly role: 'body' | 'recover' | 'compensate';
}

/** A step, where it stands, and the lists around it from the outside in. */
export interface PlacedStep {
  readonly step: Step;
  readonly path: Path;
  readonly around: readonly Enclosure[];
}

/** A list around a step, and which of its steps holds it (or is it). */
export interface Enclosure {
  readonly list: StepList;
  readonly holder: Step;
  readonly index: number;
}

/** The lists that a workflow has itself. */
export function topLists(workflow: Workflow): { steps: StepList; onFailure: StepList; finally: StepList } {
  const top = (key: 'steps' | 'onFailure' | 'finally', order: Order): StepList => ({
    steps: workflow[key],
    order,
    inner: order,
    path: ['spec', key],
    role: 'body',
  });
  return {
    steps: top('steps', workflow.mode),
    onFailure: top('onFailure', 'sequence'),
    finally: top('finally', 'sequence'),
  };
}

/** The lists inside a step of a list. */
export function listsIn(step: Step, path: Path, inner: Order): StepList[] {
  const aside = (role: 'recover' | 'compensate', steps: readonly Step[], ...key: Path): StepList => ({
    steps,
    order: 'sequence',
    inner: 'sequence',
    path: [...path, ...key],
    role,
  });
  const lists = [
    ...bodiesOf(step, path, inner),
    recoveryOf(step, aside),
    aside('compensate', step.compensate ?? [], 'compensate'),
  ];
  return lists.filter((list) => list.steps.length > 0);
}

type Aside = (role: 'recover', steps: readonly Step[], ...key: Path) => StepList;

/** At most one route of a step has one: see `check/structure.ts`. */
function recoveryOf({ onError }: Step, aside: Aside): StepList {
  if (onError.kind !== 'routes') {
    return aside('recover', onError.kind === 'recover' ? onError.steps : [], 'onError', 'recover');
  }
  const index = onError.routes.findIndex(({ route }) => route.kind === 'recover');
  const route = onError.routes[index]?.route;
  return aside('recover', route?.kind === 'recover' ? route.steps : [], 'onError', index, 'do', 'recover');
}

function bodiesOf(step: Step, path: Path, inner: Order): StepList[] {
  const body = (steps: readonly Step[], order: Order, ...key: Path): StepList => ({
    steps,
    order,
    inner,
    path: [...path, ...key],
    role: 'body',
  });
  switch (step.kind) {
    case 'parallel':
      return [body(step.branches, 'at-once', 'parallel')];
    case 'forEach':
    case 'repeat':
      return [body(step.steps, inner, 'steps')];
    case 'choose':
      return step.branches.map((branch, index) => body(branch.steps, inner, 'choose', index, 'steps'));
    default:
      return [];
  }
}

/** Every step of a workflow with everything around it, in the order of the text. */
export function walkSteps(workflow: Workflow): PlacedStep[] {
  return Object.values(topLists(workflow)).flatMap((list) => walkList(list, []));
}

function walkList(list: StepList, around: readonly Enclosure[]): PlacedStep[] {
  return list.steps.flatMap((step, index) => {
    const path = [...list.path, index];
    const enclosures = [...around, { list, holder: step, index }];
    const inside = listsIn(step, path, list.inner).flatMap((innerList) => walkList(innerList, enclosures));
    return [{ step, path, around: enclosures }, ...inside];
  });
}
