import {
  type Amount,
  LIMITS,
  type LimitName,
  narrow,
  overAmount,
  plannedAmount,
  usedAmount,
} from '../budget/limits.ts';
import { addUsage, growth, latestUsage, lessUsage, type MeasuredBy, type Usage } from '../budget/usage.ts';
import type { Budget, Step, Workflow } from '../workflow/workflow.ts';
import type { NumberedEvent } from './events.ts';
import { locate, type Outline, outlineOf } from './outline.ts';
import { COMPENSATE, nameOf, outward } from './path.ts';

/** What became of one limit. */
export interface LimitReport {
  /** The step that it is the budget of; empty: of the run. */
  readonly scope: string;
  readonly limit: LimitName | 'wall';
  readonly planned: Amount;
  readonly used: Amount;
  /** By how much it is more. */
  readonly over?: Amount;
  /** The step by which it became more. */
  readonly at?: string;
}

/** What all attempts at one action used, or all runs of one workflow. */
export interface UseReport {
  readonly worker?: string;
  readonly action?: string;
  readonly workflow?: string;
  readonly attempts: number;
  /** From handing out to result, all attempts together. */
  readonly durationMs: number;
  readonly usage: Usage;
}

export interface BudgetReport {
  readonly limits: readonly LimitReport[];
  readonly totals: readonly UseReport[];
  readonly used: Usage;
  /** Where processor time and memory come from, where they were measured. */
  readonly measuredBy?: MeasuredBy;
}

interface Scope {
  readonly budget: Budget;
  used: Usage | undefined;
  startedAt?: number;
  endedAt?: number;
  readonly exceededAt: Map<LimitName, string>;
}

interface Total extends Pick<UseReport, 'worker' | 'action' | 'workflow'> {
  attempts: number;
  durationMs: number;
  usage: Usage;
}

interface Tally {
  readonly outline: Outline;
  readonly scopes: Map<string, Scope | undefined>;
  readonly totals: Map<string, Total>;
  readonly startedAt: Map<string, number>;
  readonly spent: Map<string, Usage>;
  own: Budget | undefined;
  used: Usage;
}

/**
 * Each limit of a run, and what its actions used, from its journal: what a state no longer knows, such as the elements of a
 * long forEach, counts as well. `now` ends what is under way.
 */
export function budgetReport(workflow: Workflow, events: Iterable<NumberedEvent>, now: number): BudgetReport {
  const tally: Tally = {
    outline: outlineOf(workflow),
    scopes: new Map(),
    totals: new Map(),
    startedAt: new Map(),
    spent: new Map(),
    own: workflow.budget,
    used: {},
  };
  for (const event of events) count(tally, event);
  const { measuredBy, ...used } = tally.used;
  return {
    limits: [...tally.scopes].flatMap(([path, scope]) =>
      scope === undefined ? [] : limitsOf(path, scope, now),
    ),
    totals: [...tally.totals.values()].sort((one, other) => labelOf(one).localeCompare(labelOf(other), 'en')),
    used,
    ...(measuredBy === undefined ? {} : { measuredBy }),
  };
}

function labelOf({ worker, action, workflow }: Total): string {
  return workflow ?? `${worker}/${action}`;
}

function count(tally: Tally, event: NumberedEvent): void {
  if (event.type === 'run.created') tally.own = narrow(event.budget, tally.own);
  if (event.type === 'run.started') openRun(tally, event.at);
  if (event.type.startsWith('run.') && !('step' in event)) {
    const scope = tally.scopes.get('');
    if (scope !== undefined && ENDS_RUN.has(event.type)) scope.endedAt = event.at;
  }
  if ('step' in event) countStep(tally, event);
}

const ENDS_RUN: ReadonlySet<string> = new Set([
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
]);

function openRun(tally: Tally, startedAt: number): void {
  const { own: budget } = tally;
  if (budget !== undefined)
    tally.scopes.set('', { budget, used: undefined, startedAt, exceededAt: new Map() });
}

type StepEvent = Extract<NumberedEvent, { readonly step: string }>;

function countStep(tally: Tally, event: StepEvent): void {
  const { step: path, at, type } = event;
  const scope = scopeAt(tally, path);
  if (scope !== undefined) {
    scope.startedAt ??= at;
    scope.endedAt = at;
  }
  if (type === 'step.started') begin(tally, path, at);
  const usage = 'usage' in event ? event.usage : undefined;
  if (usage !== undefined) use(tally, path, usage, type === 'step.started');
  if (type === 'step.succeeded' && event.unused !== undefined) giveBack(tally, path, event.unused);
  if (type !== 'step.started' && type !== 'step.spent') end(tally, path, at);
}

function stepAt(outline: Outline, path: string): Step | undefined {
  const located = path === '' ? undefined : locate(outline, path);
  return located !== undefined && 'node' in located ? located.node.step : undefined;
}

/** Undefined for what has no budget of its own. */
function scopeAt({ outline, scopes }: Tally, path: string): Scope | undefined {
  if (path === '' || scopes.has(path)) return scopes.get(path);
  const budget = stepAt(outline, path)?.budget;
  const scope = budget === undefined ? undefined : { budget, used: undefined, exceededAt: new Map() };
  // An element of a long forEach without a budget needs no place of its own.
  if (scope !== undefined) scopes.set(path, scope);
  return scope;
}

function totalOf({ outline, totals }: Tally, path: string): Total | undefined {
  const step = stepAt(outline, path);
  if (step?.kind !== 'action' && step?.kind !== 'workflow') return undefined;
  const key = step.kind === 'action' ? (step.uses.split('@')[0] ?? step.uses) : step.workflow;
  const [worker = '', action = ''] = key.split('/');
  const known = totals.get(`${step.kind} ${key}`);
  const what = step.kind === 'action' ? { worker, action } : { workflow: key };
  const total = known ?? { ...what, attempts: 0, durationMs: 0, usage: {} };
  totals.set(`${step.kind} ${key}`, total);
  return total;
}

function begin(tally: Tally, path: string, at: number): void {
  const total = totalOf(tally, path);
  if (total === undefined) return;
  total.attempts += 1;
  tally.startedAt.set(path, at);
  tally.spent.delete(path);
}

function end(tally: Tally, path: string, at: number): void {
  const startedAt = tally.startedAt.get(path);
  if (startedAt === undefined) return;
  tally.startedAt.delete(path);
  tally.spent.delete(path);
  const total = totalOf(tally, path);
  if (total !== undefined) total.durationMs += at - startedAt;
}

/** What is counted at the beginning of an attempt is no part of what that tells of itself. */
function use(tally: Tally, path: string, usage: Usage, isBeginning: boolean): void {
  const before = tally.spent.get(path);
  const grown = growth(before, usage);
  if (!isBeginning) tally.spent.set(path, latestUsage(before, usage));
  tally.used = addUsage(tally.used, grown);
  const total = totalOf(tally, path);
  if (total !== undefined) total.usage = addUsage(total.usage, grown);
  for (const scope of scopesAround(tally, path)) useOf(scope, grown, path);
}

function giveBack(tally: Tally, path: string, unused: Usage): void {
  tally.used = lessUsage(tally.used, unused);
  const total = totalOf(tally, path);
  if (total !== undefined) total.usage = lessUsage(total.usage, unused);
  for (const scope of scopesAround(tally, path)) scope.used = lessUsage(scope.used, unused);
}

/** What undoes a step is no longer part of its work. */
function scopesAround(tally: Tally, path: string): Scope[] {
  const scopes: Scope[] = [];
  for (const around of outward(path)) {
    if (nameOf(around) === COMPENSATE) return scopes;
    const scope = scopeAt(tally, around);
    if (scope !== undefined) scopes.push(scope);
  }
  return scopes;
}

function useOf(scope: Scope, grown: Usage, path: string): void {
  scope.used = addUsage(scope.used, grown);
  for (const limit of LIMITS) {
    if (scope.exceededAt.has(limit) || overAmount(scope.budget, scope.used, limit) === undefined) continue;
    scope.exceededAt.set(limit, path);
  }
}

function limitsOf(
  path: string,
  { budget, used, startedAt, endedAt, exceededAt }: Scope,
  now: number,
): LimitReport[] {
  const wall =
    budget.wallMs === undefined ? [] : [wallOf(path, budget.wallMs, (endedAt ?? now) - (startedAt ?? now))];
  const others = LIMITS.flatMap((limit): LimitReport[] => {
    const planned = plannedAmount(budget, limit);
    if (planned === undefined) return [];
    const over = overAmount(budget, used, limit);
    const at = exceededAt.get(limit);
    return [
      {
        scope: path,
        limit,
        planned,
        used: usedAmount(budget, used, limit),
        ...(over === undefined ? {} : { over }),
        ...(at === undefined ? {} : { at }),
      },
    ];
  });
  return [...wall, ...others];
}

function wallOf(scope: string, planned: number, used: number): LimitReport {
  const over = used - planned;
  return { scope, limit: 'wall', planned, used, ...(over > 0 ? { over } : {}) };
}
