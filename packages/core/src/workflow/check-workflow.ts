import { type ActionCatalog, checkActions } from './check/actions.ts';
import { checkBudgets } from './check/budgets.ts';
import { checkExpressions } from './check/expressions.ts';
import { toProblem } from './check/finding.ts';
import { checkInputSpecs } from './check/input-specs.ts';
import { checkStructure } from './check/structure.ts';
import { duplicateIds } from './duplicate-ids.ts';
import { positionsOf } from './positions.ts';
import { walkSteps } from './walk-steps.ts';
import type { Problem, Workflow } from './workflow.ts';

/**
 * Everything that is wrong with a workflow of the language, as far as it can be known before it runs, in the order of its
 * text. Without a catalog nothing is said about actions. Lines and columns are known for workflows of `parseWorkflow`.
 */
export function checkWorkflow(workflow: Workflow, catalog?: ActionCatalog): Problem[] {
  const placed = walkSteps(workflow);
  const steps = new Map(placed.map((step) => [step.step.id, step]));
  const find = positionsOf(workflow);
  const findings = [
    ...duplicateIds(workflow),
    ...checkInputSpecs(workflow),
    ...checkStructure(placed, steps),
    ...checkBudgets(workflow, placed),
    ...checkExpressions(workflow, placed, steps, catalog),
    ...(catalog === undefined ? [] : checkActions(placed, catalog)),
  ];
  return findings.map((finding) => toProblem(finding, find)).sort(byPosition);
}

function byPosition(a: Problem, b: Problem): number {
  const [first, second] = [a.position ?? END, b.position ?? END];
  return first.line - second.line || first.column - second.column;
}

const END = { line: Number.MAX_SAFE_INTEGER, column: 0 };
