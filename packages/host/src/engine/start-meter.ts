import {
  addUsage,
  amountText,
  type Budget,
  isNothing,
  largestShare,
  latestUsage,
  type Overrun,
  overrunOf,
} from '@cadre/core/advance';
import type { Usage } from '@cadre/core/history';
import { type Failure, failure } from '@cadre/sdk';

/** Counts what an attempt uses against what is left for it. */
export interface Meter {
  /** Tokens and money that came on top. */
  spend(usage: Usage): void;
  /** What its processes have used, all in all. */
  measure(usage: Usage): void;
  /** Undefined when nothing was used, or nobody told of it. */
  used(): Usage | undefined;
  overrun(): Overrun | undefined;
}

export interface MeterReports {
  /** A further tenth of what is left is used: others have to know, also when this process dies. */
  readonly closer: (used: Usage) => void;
  /** More is used than was left. Told once. */
  readonly exceeded: () => void;
}

const NOTHING: Usage = {};

export function startMeter(limits: Budget | undefined, reports: MeterReports): Meter {
  let spent: Usage = {};
  let measured: Usage = {};
  let tenths = 0;
  let isOver = false;
  let isTold = false;
  const used = () => (isTold ? addUsage(measured, spent) : NOTHING);

  function look(): void {
    isTold = true;
    if (limits === undefined || isOver) return;
    const now = used();
    const reached = Math.floor(largestShare(limits, now) * 10);
    isOver = overrunOf(limits, now) !== undefined;
    if (isOver) reports.exceeded();
    else if (reached > tenths) reports.closer(now);
    tenths = Math.max(tenths, reached);
  }

  return {
    spend(usage) {
      spent = addUsage(spent, usage);
      look();
    },
    measure(usage) {
      measured = latestUsage(measured, usage);
      look();
    },
    used() {
      const all = used();
      return isNothing(all) ? undefined : all;
    },
    overrun: () => (limits === undefined ? undefined : overrunOf(limits, used())),
  };
}

/** What an attempt ends with that was stopped for it. */
export function overBudget(step: string, { limit, planned, used }: Overrun, cause: Failure): Failure {
  const text = `the step '${step}' was stopped: it used ${amountText(limit, used)}, and its budget left it ${amountText(limit, planned)}`;
  return failure('budget_exceeded', text, {
    hint: `raise budget.${limit}, or make it do less`,
    details: { step, at: step, limit, planned, used },
    cause,
  });
}

/** The system ended it when it wanted more memory than it may have. */
export function memoryOverrun(limits: Budget | undefined, { code, details }: Failure): Overrun | undefined {
  if (limits?.memoryBytes === undefined || code !== 'limit_exceeded') return undefined;
  const { limit, planned } = (details ?? {}) as { readonly limit?: unknown; readonly planned?: unknown };
  if (limit !== 'memory' || planned !== limits.memoryBytes) return undefined;
  return { limit: 'memory', planned: limits.memoryBytes, used: limits.memoryBytes };
}

/** The time that its budget gives it was over. */
export function overTime(step: string, wallMs: number, cause: Failure): Failure {
  const text = `the step '${step}' was stopped: the ${amountText('wall', wallMs)} that its budget left it were over`;
  return failure('budget_exceeded', text, {
    hint: 'raise budget.wall, or make it do less',
    details: { step, at: step, limit: 'wall', planned: wallMs },
    cause,
  });
}
