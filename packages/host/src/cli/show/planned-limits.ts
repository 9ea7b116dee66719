import {
  type Budget,
  type LimitName,
  parseDuration,
  parseMoney,
  type Workflow,
  walkSteps,
} from '@cadre/core';
import type { ActionManifest } from '@cadre/sdk';
import type { Output } from '../output.ts';
import { shortAmount } from './budget.ts';
import { printTable } from './table.ts';

/** One limit before anything is used. */
export interface PlannedLimit {
  /** The step that it is the budget of; empty: of the run. */
  readonly scope: string;
  readonly limit: LimitName | 'wall';
  readonly planned: number | string;
  /** What the manifests of the actions in it say that they cost, each performed once; absent where they say nothing. */
  readonly estimate?: number | string;
}

export type CostOf = (uses: string) => ActionManifest['cost'];

export function plannedLimits(workflow: Workflow, costOf: CostOf): readonly PlannedLimit[] {
  const steps = walkSteps(workflow);
  const usesIn = (within: (index: number) => boolean) =>
    steps.flatMap(({ step }, index) => (step.kind === 'action' && within(index) ? [step.uses] : []));
  const own = limitsOf(
    '',
    workflow.budget,
    usesIn(() => true),
    costOf,
  );
  const inner = steps.flatMap(({ step }) => {
    const isInside = (index: number) => steps[index]?.around.some(({ holder }) => holder === step) === true;
    return limitsOf(step.id, step.budget, usesIn(isInside), costOf);
  });
  return [...own, ...inner];
}

function limitsOf(
  scope: string,
  budget: Budget | undefined,
  uses: readonly string[],
  costOf: CostOf,
): PlannedLimit[] {
  if (budget === undefined) return [];
  const costs = uses.map((each) => costOf(each) ?? {});
  const sum = (value: (cost: NonNullable<ActionManifest['cost']>) => number | undefined) => {
    const known = costs.map(value).filter((each) => each !== undefined);
    return known.length === 0 ? undefined : known.reduce((all, each) => all + each, 0);
  };
  const currency = budget.money?.currency;
  const money = sum(({ money: text = '' }) => {
    const cost = parseMoney(text);
    return cost?.currency === currency && cost !== undefined ? Number(cost.amount) : undefined;
  });
  const rows: readonly (readonly [
    PlannedLimit['limit'],
    number | string | undefined,
    number | string | undefined,
  ])[] = [
    ['wall', budget.wallMs, sum(({ time }) => (time === undefined ? undefined : parseDuration(time)))],
    ['cpu', budget.cpuMs, undefined],
    ['memory', budget.memoryBytes, undefined],
    ['tokens', budget.tokens, sum(({ tokens }) => tokens)],
    [
      'money',
      budget.money && `${budget.money.amount} ${currency}`,
      money === undefined ? undefined : `${money} ${currency}`,
    ],
    ['actions', budget.actions, uses.length],
  ];
  return rows.flatMap(([limit, planned, estimate]) =>
    planned === undefined ? [] : [{ scope, limit, planned, ...(estimate === undefined ? {} : { estimate }) }],
  );
}

export function printPlannedLimits(limits: readonly PlannedLimit[], output: Output): void {
  if (limits.length === 0) return;
  output.line();
  output.line(output.colours.bold('Budget'));
  const rows = limits.map(({ scope, limit, planned, estimate }) => [
    limit,
    scope === '' ? 'run' : scope,
    shortAmount(limit, planned),
    estimate === undefined ? 'not known' : shortAmount(limit, estimate),
  ]);
  printTable(['limit', 'of', 'at most', 'expected'], rows, output);
}
