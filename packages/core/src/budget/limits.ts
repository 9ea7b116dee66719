import type { Budget } from '../workflow/workflow.ts';
import { decimal, decimalText } from './money.ts';
import type { Usage } from './usage.ts';

/** The limits that use counts against. Time has a clock of its own: see run/decide/time.ts. */
export const LIMITS = ['cpu', 'memory', 'tokens', 'money', 'actions'] as const;
export type LimitName = (typeof LIMITS)[number];

/** Milliseconds, bytes, a count, or `2 USD`. */
export type Amount = number | string;

/** More was used than was planned. */
export interface Overrun {
  readonly limit: LimitName;
  readonly planned: Amount;
  readonly used: Amount;
}

type Counted = 'cpuMs' | 'memoryBytes' | 'tokens' | 'actions';

const KEYS = { cpu: 'cpuMs', memory: 'memoryBytes', tokens: 'tokens', actions: 'actions' } as const;

/** In the smallest units; undefined where there is no such limit. */
function plannedOf(budget: Budget, limit: LimitName): bigint | undefined {
  if (limit === 'money') return budget.money && decimal(budget.money.amount);
  const planned = budget[KEYS[limit]];
  return planned === undefined ? undefined : BigInt(planned);
}

/** Nothing is converted: a limit in one currency lets nothing be spent in another, which therefore counts as too much. */
function usedOf(budget: Budget, used: Usage | undefined, limit: LimitName): bigint {
  if (limit !== 'money') return BigInt(used?.[KEYS[limit]] ?? 0);
  const { amount = '0', currency = '' } = budget.money ?? {};
  const foreign = foreignMoney(used, currency) === undefined ? ZERO : decimal(amount) + ONE;
  return foreign + decimal(used?.money?.[currency] ?? '0');
}

const ZERO = 0n;
const ONE = 1n;

function foreignMoney(used: Usage | undefined, currency: string): string | undefined {
  const other = Object.entries(used?.money ?? {}).find(
    ([each, amount]) => each !== currency && decimal(amount) > ZERO,
  );
  return other && `${other[1]} ${other[0]}`;
}

/** What was planned, as it is written in events and reports. */
export function plannedAmount(budget: Budget, limit: LimitName): Amount | undefined {
  if (limit !== 'money') return budget[KEYS[limit]];
  return budget.money && `${budget.money.amount} ${budget.money.currency}`;
}

export function usedAmount(budget: Budget, used: Usage | undefined, limit: LimitName): Amount {
  if (limit !== 'money') return used?.[KEYS[limit]] ?? 0;
  const { currency = '' } = budget.money ?? {};
  return foreignMoney(used, currency) ?? `${used?.money?.[currency] ?? '0'} ${currency}`;
}

/** By how much it is more; undefined when it is not. */
export function overAmount(budget: Budget, used: Usage | undefined, limit: LimitName): Amount | undefined {
  const planned = plannedOf(budget, limit);
  const over = planned === undefined ? ZERO : usedOf(budget, used, limit) - planned;
  if (over <= ZERO) return undefined;
  if (limit !== 'money') return Number(over);
  const { currency = '' } = budget.money ?? {};
  return foreignMoney(used, currency) ?? `${decimalText(over)} ${currency}`;
}

/** The first limit of which more was used than planned. */
export function overrunOf(budget: Budget, used: Usage | undefined): Overrun | undefined {
  const limit = LIMITS.find((each) => overAmount(budget, used, each) !== undefined);
  return limit === undefined ? undefined : described(budget, used, limit);
}

/** Those of which four fifths and more are used, but not more than there is. */
export function nearlyUsed(budget: Budget, used: Usage | undefined): Overrun[] {
  const isNear = (limit: LimitName) =>
    shareOf(budget, used, limit) >= WARNED_FROM && overAmount(budget, used, limit) === undefined;
  return LIMITS.filter(isNear).map((limit) => described(budget, used, limit));
}

const WARNED_FROM = 0.8;

function described(budget: Budget, used: Usage | undefined, limit: LimitName): Overrun {
  const planned = plannedAmount(budget, limit) ?? 0;
  return { limit, planned, used: usedAmount(budget, used, limit) };
}

/** How much of its tightest limit is used: 1 is all of it. */
export function largestShare(budget: Budget, used: Usage | undefined): number {
  return Math.max(0, ...LIMITS.map((limit) => shareOf(budget, used, limit)));
}

function shareOf(budget: Budget, used: Usage | undefined, limit: LimitName): number {
  const planned = plannedOf(budget, limit);
  const amount = usedOf(budget, used, limit);
  if (planned === undefined || amount === ZERO) return 0;
  return planned === ZERO ? Number.POSITIVE_INFINITY : Number(amount) / Number(planned);
}

/** Whether it limits anything besides the time. */
export function limitsUse(budget: Budget | undefined): boolean {
  return budget !== undefined && LIMITS.some((limit) => plannedAmount(budget, limit) !== undefined);
}

/** What is left of it. Memory is a height and not a quantity: all of it is left, whatever was used before. */
export function restOf(budget: Budget, used: Usage | undefined, reserved: readonly Budget[]): Budget {
  return mapLimits(budget, (limit, planned) => {
    if (limit === 'memory') return planned;
    const held = reserved.map((each) => plannedOf(sameCurrency(each, budget), limit) ?? ZERO);
    const left = held.reduce((rest, each) => rest - each, planned - usedOf(budget, used, limit));
    return left > ZERO ? left : ZERO;
  });
}

/** One part of so many; never nothing as long as there is something. */
export function partOf(budget: Budget, parts: number): Budget {
  return mapLimits(budget, (limit, planned) => {
    const part = planned / BigInt(parts);
    if (limit === 'memory') return planned;
    return part === ZERO && planned > ZERO ? ONE : part;
  });
}

/** Both hold: the lower of each. Of two currencies nothing can be spent, since each forbids the other. */
export function narrow(one: Budget | undefined, other: Budget | undefined): Budget | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const lower = (key: Counted | 'wallMs') => {
    const values = [one[key], other[key]].filter((value) => value !== undefined);
    return values.length === 0 ? {} : { [key]: Math.min(...values) };
  };
  const money = narrowMoney(one.money, other.money);
  return {
    ...lower('wallMs'),
    ...lower('cpuMs'),
    ...lower('memoryBytes'),
    ...lower('tokens'),
    ...(money === undefined ? {} : { money }),
    ...lower('actions'),
  };
}

function narrowMoney(one: Budget['money'], other: Budget['money']): Budget['money'] {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.currency !== other.currency) return { amount: '0', currency: one.currency };
  return decimal(one.amount) <= decimal(other.amount) ? one : other;
}

/** Of what was reserved in another currency nothing can be spent. */
function sameCurrency(reserved: Budget, budget: Budget): Budget {
  if (reserved.money?.currency === budget.money?.currency) return reserved;
  const { money: _, ...others } = reserved;
  return others;
}

/** The same limits with other amounts, without the time. */
function mapLimits(budget: Budget, map: (limit: LimitName, planned: bigint) => bigint): Budget {
  const found: { -readonly [K in keyof Budget]: Budget[K] } = {};
  for (const limit of LIMITS) {
    const planned = plannedOf(budget, limit);
    if (planned === undefined) continue;
    const amount = map(limit, planned);
    if (limit !== 'money') found[KEYS[limit]] = Number(amount);
    else if (budget.money !== undefined) found.money = { ...budget.money, amount: decimalText(amount) };
  }
  return found;
}
