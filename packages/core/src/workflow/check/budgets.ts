import { amountText } from '../../budget/amount-text.ts';
import { LIMITS, type LimitName, overAmount, plannedAmount } from '../../budget/limits.ts';
import type { Usage } from '../../budget/usage.ts';
import type { Path } from '../path.ts';
import type { PlacedStep } from '../walk-steps.ts';
import type { Budget, Step, Workflow } from '../workflow.ts';
import type { Finding } from './finding.ts';

/** A budget of something around a step. */
interface Outer {
  readonly whose: string;
  readonly budget: Budget;
}

/**
 * Budgets that cannot be kept to, or that do nothing: money in two currencies, of which neither can be spent; no action where
 * there are actions; more than what is around it gives.
 */
export function checkBudgets(workflow: Workflow, placed: readonly PlacedStep[]): Finding[] {
  const { budget } = workflow;
  const acts = placed.some(({ step, path }) => step.kind === 'action' && path[1] === 'steps');
  const top = budget === undefined ? [] : [{ whose: 'the workflow', budget }];
  return [
    ...(budget?.actions === 0 && acts ? [noActions(['spec', 'budget', 'actions'])] : []),
    ...placed.flatMap((step) => checkBudget(step, top)),
  ];
}

function checkBudget({ step, path, around }: PlacedStep, top: readonly Outer[]): Finding[] {
  const { budget } = step;
  if (budget === undefined) return [];
  // The run's own holds for its steps, and not for what is done after them.
  const own = path[1] === 'steps' ? top : [];
  const holders = around.map(({ holder }) => holder).filter((holder) => holder !== step);
  const outer = [...own, ...holders.flatMap(outerOf)];
  const findings = [
    ...(budget.actions === 0 && holdsActions(step) ? [noActions(['budget', 'actions'])] : []),
    ...outer.flatMap((each) => [...currencies(budget, each), ...above(budget, each)]),
  ];
  return findings.map((finding) => ({
    ...finding,
    path: finding.path[0] === 'spec' ? finding.path : [...path, ...finding.path],
    step,
  }));
}

function outerOf({ id, budget }: Step): Outer[] {
  return budget === undefined ? [] : [{ whose: `the step "${id}"`, budget }];
}

function holdsActions(step: Step): boolean {
  switch (step.kind) {
    case 'action':
      return true;
    case 'parallel':
      return step.branches.some(holdsActions);
    case 'forEach':
    case 'repeat':
      return step.steps.some(holdsActions);
    case 'choose':
      return step.branches.some(({ steps }) => steps.some(holdsActions));
    default:
      return false;
  }
}

function noActions(path: Path): Finding {
  return {
    code: 'impossible_budget',
    message: '`actions: 0` lets nothing be done, and there are actions to be done',
    path,
    suggestion: 'give it at least one, or leave it out',
  };
}

function currencies({ money }: Budget, { whose, budget }: Outer): Finding[] {
  if (money === undefined || budget.money === undefined || money.currency === budget.money.currency)
    return [];
  return [
    {
      code: 'impossible_budget',
      message: `nothing can be spent: this is in ${money.currency} and that of ${whose} in ${budget.money.currency}, and nothing is converted`,
      path: ['budget', 'money'],
      suggestion: `give it in ${budget.money.currency}`,
    },
  ];
}

function above(budget: Budget, outer: Outer): Finding[] {
  const uses = LIMITS.filter((limit) => overAmount(outer.budget, asUsage(budget), limit) !== undefined);
  const isForeign = budget.money?.currency !== outer.budget.money?.currency;
  const found = uses
    .filter((limit) => limit !== 'money' || !isForeign)
    .map((limit) => tooMuch(limit, budget, outer));
  const { wallMs } = outer.budget;
  const isLonger = wallMs !== undefined && budget.wallMs !== undefined && budget.wallMs > wallMs;
  return isLonger ? [higher('wall', budget.wallMs ?? 0, wallMs, outer.whose), ...found] : found;
}

/** As if all of it were used. */
function asUsage({ cpuMs, memoryBytes, tokens, money, actions }: Budget): Usage {
  return {
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(money === undefined ? {} : { money: { [money.currency]: money.amount } }),
    ...(actions === undefined ? {} : { actions }),
  };
}

function tooMuch(limit: LimitName, budget: Budget, outer: Outer): Finding {
  return higher(
    limit,
    plannedAmount(budget, limit) ?? 0,
    plannedAmount(outer.budget, limit) ?? 0,
    outer.whose,
  );
}

function higher(
  limit: LimitName | 'wall',
  own: number | string,
  outer: number | string,
  whose: string,
): Finding {
  return {
    code: 'budget_above',
    message: `${amountText(limit, own)} is more than the ${amountText(limit, outer)} of ${whose}, which end it before`,
    path: ['budget', limit],
    suggestion: `give it at most ${amountText(limit, outer)}`,
    warning: true,
  };
}
