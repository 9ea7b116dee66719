import { didYouMean } from '../nearest.ts';
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
  /** Names that are no step's; the workflow is then as it was. */
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
  return { workflow: { ...workflow, steps: arrange(workflow.steps, chosen) }, problems: [] };
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
  if (inOrder) return all.map((step) => (chosen.includes(step) ? step : { ...step, if: NEVER }));
  const others = all.filter((step) => !chosen.includes(step)).map((step) => ({ ...step, if: NEVER }));
  return [...others, ...nameCopies(chosen, new Set(all.map(({ id }) => id)))];
}

function nameCopies(steps: readonly Step[], taken: Set<string>): Step[] {
  return steps.map((step, index) => {
    if (steps.indexOf(step) === index) return step;
    let copy = 2;
    while (taken.has(`${step.id}-${copy}`)) copy += 1;
    taken.add(`${step.id}-${copy}`);
    return { ...step, id: `${step.id}-${copy}` };
  });
}

function problem(code: string, message: string, suggestion: string): Problem {
  return { severity: 'error', code, message, path: 'spec.steps', suggestion };
}

function ids(steps: readonly Step[]): string {
  return [...new Set(steps.map(({ id }) => id))].join(', ');
}
