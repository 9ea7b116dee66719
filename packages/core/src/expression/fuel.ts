import { CadreError } from '../errors.ts';

/**
 * What an expression has left to spend. CEL always ends, but its macros multiply and its sums double, so work is paid for.
 * Invariants:
 * 1. Nothing that an operator, macro or function reads goes uncounted: `metered-text.ts` sees to it.
 * 2. Running out is remembered: `||` and `exists` swallow errors, so `withFuel` looks again when the work is over.
 * 3. Evaluation is synchronous and never begins within another, so one counter is enough.
 */
let left = 0;
/** Made once for each piece of work: a loop that swallows errors would make one for every element that is left. */
let exhausted: CadreError | undefined;

export const DEFAULT_FUEL = 100_000;

/** One unit pays for this many characters: searching or copying them costs about as much as one turn of a macro. */
const CHARACTERS_A_UNIT = 100;

/** Does the work with so much fuel. Throws `expression_too_costly` when it was not enough. */
export function withFuel<T>(fuel: number, work: () => T): T {
  left = fuel;
  exhausted = undefined;
  const result = work();
  if (exhausted !== undefined) throw exhausted;
  return result;
}

export function spend(units: number): void {
  left -= units;
  if (left >= 0) return;
  exhausted ??= tooCostly();
  throw exhausted;
}

/** A short text costs nothing of its own: reading it is part of the turn in which it is read. */
export function spendText(text: { readonly length: number }): void {
  spend(Math.floor(text.length / CHARACTERS_A_UNIT));
}

/** Pays for walking or copying a value: its characters, or `each` for every element or entry and one for beginning. */
export function spendValue(value: unknown, each: number): void {
  if (typeof value === 'string' || value instanceof Uint8Array) spendText(value);
  else spend(elementCount(value) * each);
  spend(Math.min(each, 1));
}

/** Pays for everything within a value: what comparing or printing it costs at most. */
export function spendWhole(value: unknown): void {
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    spend(1);
    if (typeof next === 'string') spendText(next);
    // Pushed one by one: a call with a hundred thousand arguments would break the stack.
    for (const element of elements(next)) waiting.push(element);
  }
}

function elements(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.values(value) : [];
}

function elementCount(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : 0;
}

function isMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function tooCostly(): CadreError {
  return new CadreError('expression_too_costly', 'the expression asks for too much work', {
    hint: 'work on fewer elements, or do this in an action instead of an expression',
  });
}
