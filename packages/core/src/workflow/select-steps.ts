import { didYouMean } from '../nearest.ts';
import { readsOf } from './graph.ts';
import { listsIn } from './walk-steps.ts';
import type { Problem, Step, Workflow } from './workflow.ts';

/** Which top-level steps are done, by id or alias; an alias may name several. */
export interface Selection {
  /** These and in this order, as often as they are named. Absent: all, in the order of the text. */
  readonly steps?: readonly string[];
  readonly skip?: readonly string[];
  /** Nothing before the first of these. */
  readonly from?: string;
}

export interface Selected {
  readonly workflow: Workflow;
  /** With an error among them, such as a name that is no step's, the workflow is as it was. */
  readonly problems: readonly Problem[];
}

const NEVER = '${{ false }}';

/**
 * The same workflow with only some of its steps. The others stay in it and never run, so that expressions that read them
 * still find them: skipped. A step that is done a second time gets an id of its own: `format-2`.
 */
export function selectSteps(workflow: Workflow, selection: Selection): Selected {
  const order = selection.steps?.flatMap((name) => stepsNamed(workflow, name)) ?? workflow.steps;
  const problems = [...unknownNames(workflow, selection), ...unusable(workflow, selection, order)];
  if (problems.length > 0) return { workflow, problems };
  const skipped = new Set((selection.skip ?? []).flatMap((name) => stepsNamed(workflow, name)));
  const chosen = startingAt(workflow, order, selection.from).filter((step) => !skipped.has(step));
  return {
    workflow: { ...workflow, steps: arrange(workflow.steps, chosen) },
    problems: readTooEarly(chosen),
  };
}

/** An id means that step alone, also where it is an alias of another. */
function stepsNamed(workflow: Workflow, name: string): readonly Step[] {
  const step = workflow.steps.find(({ id }) => id === name);
  return step === undefined ? workflow.steps.filter(({ aliases = [] }) => aliases.includes(name)) : [step];
}

function unknownNames(workflow: Workflow, { steps = [], skip = [], from }: Selection): Problem[] {
  const names = workflow.steps.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  return [...steps, ...skip, ...(from === undefined ? [] : [from])]
    .filter((name) => !names.includes(name))
    .map((name) =>
      problem(
        'unknown_step',
        `there is no step "${name}"`,
        didYouMean(name, names) ?? `the steps are ${ids(workflow.steps)}`,
      ),
    );
}

function unusable(workflow: Workflow, { from }: Selection, order: readonly Step[]): Problem[] {
  const repeated = order.filter((step, index) => hasStepsInside(step) && order.indexOf(step) !== index);
  const starts = from === undefined ? [] : stepsNamed(workflow, from);
  const lost = starts.length > 0 && !starts.some((step) => order.includes(step));
  return [
    ...repeated.map(({ id }) =>
      problem(
        'wrong_value',
        `the step "${id}" holds other steps, so it cannot be done twice`,
        'name it once',
      ),
    ),
    ...(lost
      ? [problem('unknown_step', `"${from}" is not among the selected steps`, `they are ${ids(order)}`)]
      : []),
  ];
}

function hasStepsInside(step: Step): boolean {
  return listsIn(step, [], 'sequence').length > 0;
}

function startingAt(workflow: Workflow, order: readonly Step[], from: string | undefined): readonly Step[] {
  if (from === undefined) return order;
  const starts = stepsNamed(workflow, from);
  return order.slice(order.findIndex((step) => starts.includes(step)));
}

/** What is not chosen stays in its place when the order is kept, and else goes first, where whatever reads it finds it. */
function arrange(all: readonly Step[], chosen: readonly Step[]): Step[] {
  const positions = chosen.map((step) => all.indexOf(step));
  const inOrder = positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0));
  if (inOrder) return all.map((step) => (chosen.includes(step) ? step : never(step)));
  const absent = all.filter((step) => !chosen.includes(step) || isReadTooEarly(step, chosen));
  return [...absent.map(never), ...nameCopies(chosen, absent, new Set(all.map(({ id }) => id)))];
}

function never(step: Step): Step {
  return { ...step, if: NEVER };
}

/** A step before it reads it: there it finds one that was never done, and the step itself gets another id. */
function isReadTooEarly({ id }: Step, chosen: readonly Step[]): boolean {
  return readersBefore(id, chosen).length > 0;
}

function readersBefore(id: string, chosen: readonly Step[]): readonly Step[] {
  const first = chosen.findIndex((step) => step.id === id);
  return chosen.slice(0, Math.max(0, first)).filter((step) => readsWithin(step).includes(id));
}

function readTooEarly(chosen: readonly Step[]): Problem[] {
  return [...new Set(chosen)].flatMap(({ id }) =>
    readersBefore(id, chosen)
      .slice(0, 1)
      .map((reader) => ({
        ...problem(
          'read_too_early',
          `the step "${reader.id}" comes before "${id}" and will know nothing of it`,
          `do "${id}" first`,
        ),
        severity: 'warning' as const,
      })),
  );
}

function readsWithin(step: Step): string[] {
  const inside = listsIn(step, [], 'sequence').flatMap(({ steps }) => steps);
  return [...readsOf(step), ...inside.flatMap(readsWithin)];
}

/** A check that is done again holds what comes after it as the first one does. */
function nameCopies(chosen: readonly Step[], absent: readonly Step[], taken: Set<string>): Step[] {
  const copies = new Map<string, string[]>();
  return chosen.map((step, index) => {
    const { id, heldBy } = step;
    const held = heldBy && { heldBy: heldBy.flatMap((holder) => [holder, ...(copies.get(holder) ?? [])]) };
    if (chosen.indexOf(step) === index && !absent.includes(step)) return { ...step, ...held };
    let copy = 2;
    while (taken.has(`${id}-${copy}`)) copy += 1;
    taken.add(`${id}-${copy}`);
    copies.set(id, [...(copies.get(id) ?? []), `${id}-${copy}`]);
    return { ...step, ...held, id: `${id}-${copy}` };
  });
}

function problem(code: string, message: string, suggestion: string): Problem {
  return { severity: 'error', code, message, path: 'spec.steps', suggestion };
}

function ids(steps: readonly Step[]): string {
  return [...new Set(steps.map(({ id }) => id))].join(', ');
}
