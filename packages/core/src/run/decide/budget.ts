import { type Failure, failure } from '@cadre/sdk';
import { amountText } from '../../budget/amount-text.ts';
import {
  limitsUse,
  narrow,
  nearlyUsed,
  type Overrun,
  overrunOf,
  partOf,
  restOf,
} from '../../budget/limits.ts';
import type { Usage } from '../../budget/usage.ts';
import type { Budget } from '../../workflow/workflow.ts';
import { EMPTY } from '../ledger.ts';
import { locate, type Node } from '../outline.ts';
import { COMPENSATE, isWithin, nameOf, outward, parentOf } from '../path.ts';
import type { RunState } from '../state.ts';
import { isOver } from '../status.ts';
import { placesBeside } from './beside.ts';
import { type Draft, emit } from './draft.ts';
import { stopReason, stopWith } from './stop.ts';

/** A budget, what it holds for, and what of it is used. */
export interface BudgetScope {
  /** Of a step, or empty for the workflow's own steps. */
  readonly path: string;
  readonly budget: Budget;
  readonly used: Usage | undefined;
  readonly node?: Node;
}

/**
 * The budgets that hold for what is done at a path, from the inside out. That of the run holds for the workflow's own steps;
 * `onFailure`, `finally` and what undoes a step have to be done whatever was used before, and have those of their steps.
 */
export function scopesAt(draft: Draft, path: string): BudgetScope[] {
  const { outline, state } = draft;
  if (!outline.limited && !limitsUse(state.budget)) return [];
  const scopes: BudgetScope[] = [];
  for (const at of outward(path)) {
    if (nameOf(at) === COMPENSATE) return scopes;
    const located = at === '' ? undefined : locate(outline, at);
    const node = located !== undefined && 'node' in located ? located.node : undefined;
    const budget = at === '' ? narrow(state.budget, outline.workflow.budget) : node?.step.budget;
    if (budget === undefined || !limitsUse(budget)) continue;
    const used = state.steps.get(at)?.used;
    scopes.push({ path: at, budget, used, ...(node === undefined ? {} : { node }) });
  }
  return scopes;
}

/** What an attempt at a path may use at most; undefined where nothing is limited. */
export function limitsOf(state: RunState, scopes: readonly BudgetScope[]): Budget | undefined {
  return scopes.map((scope) => leftOf(state, scope)).reduce<Budget | undefined>(narrow, undefined);
}

/**
 * What a run that is a step at a path may use: what its own budget says, and of the others an even part for each run that
 * may be under way beside it. What is reserved for one is nobody else's until it is over, so that all of them together never
 * get more than there is.
 */
export function reserveFor(draft: Draft, path: string): Budget | undefined {
  const scopes = scopesAt(draft, path);
  const own = scopes.find((scope) => scope.path === path);
  const parts = scopes.map((scope) => {
    const left = leftOf(draft.state, scope);
    const part = partOf(restOf(scope.budget, scope.used, []), placesBeside(draft, path, scope.path));
    return narrow(left, withoutThoseOf(own?.budget, part)) ?? {};
  });
  return parts.reduce<Budget | undefined>(narrow, undefined);
}

/** Who says how much of something a run may have is given that, as far as there is so much. */
function withoutThoseOf(own: Budget | undefined, part: Budget): Budget {
  const kept = Object.entries(part).filter(([key]) => own?.[key as keyof Budget] === undefined);
  return Object.fromEntries(kept);
}

function leftOf(state: RunState, { path, budget, used }: BudgetScope): Budget {
  return restOf(budget, used, reservedIn(state, path));
}

function reservedIn(state: RunState, scope: string): Budget[] {
  return [...state.running].flatMap((path) => {
    const { reserved } = state.steps.get(path) ?? {};
    return reserved !== undefined && (path === scope || isWithin(path, scope)) ? [reserved] : [];
  });
}

/** Looks at every budget that something counted against since the last decision: warns, and stops what used too much. */
export function keepBudgets(draft: Draft): void {
  const { charged, status } = draft.state;
  if (charged.size === 0 || isOver(status)) return;
  draft.state = { ...draft.state, charged: EMPTY.paths };
  for (const path of [...charged].sort()) {
    // The run's own first: what stops all need not stop a part.
    for (const scope of scopesAt(draft, path).reverse()) keepBudget(draft, scope, path);
  }
}

function keepBudget(draft: Draft, scope: BudgetScope, at: string): void {
  for (const { limit, planned, used } of nearlyUsed(scope.budget, scope.used)) {
    if (draft.state.warned.has(`${scope.path} ${limit}`)) continue;
    emit(draft, { type: 'run.warned', scope: scope.path, limit, planned, used });
  }
  const overrun = overrunOf(scope.budget, scope.used);
  if (overrun === undefined || !isStoppable(draft.state, scope)) return;
  stopWith(draft, scope.path, exceeded(scope.path, overrun, at));
}

/** An attempt stops by itself and what is over cannot be stopped; a container ends as soon as nothing goes on inside. */
function isStoppable(state: RunState, { path, node }: BudgetScope): boolean {
  if (state.failing.has(path) || stopReason(state, path) !== undefined) return false;
  if (node === undefined) return true;
  const isOpen = node.lists.length > 0 && state.steps.get(path)?.status === 'running';
  return isOpen && stopReason(state, parentOf(path) ?? '') === undefined;
}

/** `at`: the step by which it became too much. */
function exceeded(scope: string, { limit, planned, used }: Overrun, at: string): Failure {
  const message = `${nameOfScope(scope)} used ${amountText(limit, used)}, more than the ${amountText(limit, planned)} of its budget${by(scope, at)}`;
  return budgetFailure(scope, { limit, planned, used }, at, message);
}

function nameOfScope(scope: string): string {
  return scope === '' ? 'the run' : `the step '${scope}'`;
}

function by(scope: string, at: string): string {
  return at === scope ? '' : `, by the step '${at}'`;
}

function budgetFailure(
  scope: string,
  { limit, planned, used }: Overrun,
  at: string,
  message: string,
): Failure {
  return failure('budget_exceeded', message, {
    hint: `raise budget.${limit}, or make it do less`,
    details: { ...(scope === '' ? {} : { step: scope }), at, limit, planned, used },
  });
}

/** The failure of an attempt that may not even be begun; undefined when it may. */
export function refusedAction(scopes: readonly BudgetScope[], path: string): Failure | undefined {
  for (const { path: scope, budget, used } of scopes) {
    const overrun = overrunOf(budget, used);
    if (overrun !== undefined) return exceeded(scope, overrun, path);
    const { actions: planned } = budget;
    const done = used?.actions ?? 0;
    if (planned === undefined || done < planned) continue;
    const message = `${nameOfScope(scope)} has no action left${scope === path ? '' : ` for the step '${path}'`}: its budget gives it ${amountText('actions', planned)}`;
    return budgetFailure(scope, { limit: 'actions', planned, used: done }, path, message);
  }
  return undefined;
}
