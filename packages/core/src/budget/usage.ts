import { decimal, decimalText } from './money.ts';

/** What work has used, as it stands in events. What is absent was not used, or not measured. */
export interface Usage {
  /** Processor time of all processes of the attempts, in whole milliseconds. */
  readonly cpuMs?: number;
  /** The most that the processes of one attempt had at a time. */
  readonly memoryBytes?: number;
  readonly tokens?: number;
  /** Exact decimals by currency. */
  readonly money?: Readonly<Record<string, string>>;
  /** Attempts at actions. */
  readonly actions?: number;
  /** Where processor time and memory come from. */
  readonly measuredBy?: MeasuredBy;
}

/** `control group`: the system counts all of it · `processes`: looked at several times a second, so peaks may be missed. */
export type MeasuredBy = 'control group' | 'processes';

/** Of two pieces of work, one after another or side by side: everything adds up, and of memory the higher peak counts. */
export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage {
  if (one === undefined || other === undefined) return one ?? other ?? {};
  return combine(one, other, (a, b) => a + b);
}

/** What came on top since the same work told of itself before. Never negative: what was used was used. */
export function growth(before: Usage | undefined, after: Usage): Usage {
  if (before === undefined) return after;
  const added = combine(after, before, (a, b) => (a > b ? a - b : ZERO));
  return { ...added, ...(after.memoryBytes === undefined ? {} : { memoryBytes: after.memoryBytes }) };
}

/** What is left of it when some of it was not used after all. */
export function lessUsage(used: Usage | undefined, unused: Usage): Usage {
  const { actions = 0, ...rest } = growth(unused, used ?? {});
  return actions === 0 ? rest : { ...rest, actions };
}

/** The higher of each: two reports of the same work. */
export function latestUsage(before: Usage | undefined, after: Usage): Usage {
  return before === undefined ? after : combine(before, after, (a, b) => (a > b ? a : b));
}

export function isNothing(usage: Usage): boolean {
  const { measuredBy: _, ...used } = usage;
  return Object.keys(used).length === 0;
}

const ZERO = 0n;

function combine(one: Usage, other: Usage, merge: (a: bigint, b: bigint) => bigint): Usage {
  const count = (key: 'cpuMs' | 'tokens' | 'actions') => {
    if (one[key] === undefined && other[key] === undefined) return {};
    return { [key]: Number(merge(BigInt(one[key] ?? 0), BigInt(other[key] ?? 0))) };
  };
  const memoryBytes = Math.max(one.memoryBytes ?? 0, other.memoryBytes ?? 0);
  const measuredBy = other.measuredBy ?? one.measuredBy;
  return {
    ...count('cpuMs'),
    ...(memoryBytes === 0 ? {} : { memoryBytes }),
    ...count('tokens'),
    ...moneyOf(one, other, merge),
    ...count('actions'),
    ...(measuredBy === undefined ? {} : { measuredBy }),
  };
}

function moneyOf(one: Usage, other: Usage, merge: (a: bigint, b: bigint) => bigint): Pick<Usage, 'money'> {
  if (one.money === undefined && other.money === undefined) return {};
  const currencies = new Set([...Object.keys(one.money ?? {}), ...Object.keys(other.money ?? {})]);
  const amounts = [...currencies].sort().map((currency) => {
    const units = merge(decimal(one.money?.[currency] ?? '0'), decimal(other.money?.[currency] ?? '0'));
    return [currency, decimalText(units)] as const;
  });
  return { money: Object.fromEntries(amounts) };
}
