import { parseMoney } from '../budget/money.ts';
import { parseDuration, parseSize } from '../time.ts';
import { parseCount } from './amounts.ts';
import type { BudgetSpec, RetrySpec } from './document.ts';
import type { Budget, Retry } from './workflow.ts';

/** Milliseconds of a text that `DOCUMENT` has let through. */
export function durationMs(text: string): number {
  return checked(parseDuration(text));
}

/** What is not said is taken from `base`. */
export function compileRetry(spec: RetrySpec, base: Retry): Retry {
  return {
    ...base,
    ...(spec.attempts !== undefined && { attempts: spec.attempts }),
    ...(spec.delay !== undefined && { delayMs: durationMs(spec.delay) }),
    ...(spec.backoff !== undefined && { backoff: spec.backoff }),
    ...(spec.maxDelay !== undefined && { maxDelayMs: durationMs(spec.maxDelay) }),
    ...(spec.jitter !== undefined && { jitter: spec.jitter }),
    ...(spec.on !== undefined && { on: spec.on }),
  };
}

export function compileBudget(spec: BudgetSpec): Budget {
  return {
    ...(spec.wall !== undefined && { wallMs: durationMs(spec.wall) }),
    ...(spec.cpu !== undefined && { cpuMs: durationMs(spec.cpu) }),
    ...(spec.memory !== undefined && { memoryBytes: checked(parseSize(spec.memory)) }),
    ...(spec.tokens !== undefined && { tokens: checked(parseCount(String(spec.tokens))) }),
    ...(spec.money !== undefined && { money: checked(parseMoney(spec.money)) }),
    ...(spec.actions !== undefined && { actions: spec.actions }),
  };
}

function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('bug: a value that the language does not allow was compiled');
  return value;
}
