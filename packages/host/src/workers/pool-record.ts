import { createRecentCount } from '@cadre/kit/line';
import type { Failure, JsonValue, Outcome } from '@cadre/sdk';
import type { PoolFigures } from '../ports/figures.ts';
import type { ProcessUse } from '../ports/sandbox.ts';
import { createCallTimer } from './call-times.ts';
import { createErrorBudget } from './error-budget.ts';
import { createPoolUse } from './pool-usage.ts';

type Recorded = Pick<
  PoolFigures,
  'performed' | 'lastMinute' | 'failed' | 'starts' | 'restarts' | 'started' | 'usage' | 'times' | 'recent'
>;

/** What is told of the processes of one worker, and of the calls that they had. */
export interface PoolRecord {
  starting(): void;
  /** In place of one that died. */
  restarting(): void;
  ready(started: NonNullable<PoolFigures['started']>): void;
  /** Of a call that is over; `outcome` is undefined when nobody knows it. */
  performed(outcome: Outcome<JsonValue> | undefined, tookMs: number, now: number): void;
  /** Of no call: an end that went wrong. */
  fault(fault: Failure): void;
  /** The last that was seen of a process. */
  seen(process: object, use: ProcessUse): void;
  gone(process: object): void;
  figures(now: number): Recorded;
}

/** `errors`: the share of calls that may end by a fault of the worker. */
export function createPoolRecord(errors: number): PoolRecord {
  const performed = createRecentCount();
  const times = createCallTimer();
  const use = createPoolUse();
  const budget = createErrorBudget(errors);
  let started: PoolFigures['started'];
  let failed = 0;
  let starts = 0;
  let restarts = 0;
  return {
    starting() {
      starts += 1;
    },
    restarting() {
      restarts += 1;
    },
    ready(now) {
      started = now;
    },
    performed(outcome, tookMs, now) {
      performed.add(now);
      times.add(tookMs);
      if (outcome === undefined) return;
      if (!outcome.ok) failed += 1;
      budget.add(outcome);
    },
    fault: (fault) => budget.add({ ok: false, failure: fault }),
    seen: use.seen,
    gone: use.gone,
    figures(now) {
      const usage = use.figures();
      return {
        performed: performed.total,
        lastMinute: performed.lastMinute(now),
        failed,
        starts,
        restarts,
        ...(started === undefined ? {} : { started }),
        ...(usage === undefined ? {} : { usage }),
        times: times.figures(),
        recent: budget.recent(),
      };
    },
  };
}
