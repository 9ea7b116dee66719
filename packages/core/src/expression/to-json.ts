import type { JsonValue } from '@cadre/sdk';
import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { CadreError } from '../errors.ts';
import { spend, spendText } from './fuel.ts';

/**
 * What an expression gave, as JSON. Times become ISO 8601 texts, durations texts such as `90s`, an absent optional null.
 * Every value written costs fuel: a list that holds one list twice, and so on thirty times, is small until it is written.
 */
export function toJson(value: unknown): JsonValue {
  spend(1);
  switch (typeof value) {
    case 'string':
      spendText(value);
      return value;
    case 'boolean':
      return value;
    case 'number':
      return readNumber(value);
    case 'bigint':
      return readInteger(value);
    default:
      return fromObject(value);
  }
}

function fromObject(value: unknown): JsonValue {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return fromEntries([...value]);
  if (isPlain(value)) return fromEntries(Object.entries(value));
  return fromTyped(value);
}

function fromTyped(value: unknown): JsonValue {
  if (value instanceof UnsignedInt) return readInteger(value.value);
  if (value instanceof Optional) return value.hasValue() ? toJson(value.value()) : null;
  if (value instanceof Duration) return value.toString();
  return value instanceof Date ? readTime(value) : readRest(value);
}

function fromEntries(entries: readonly (readonly [unknown, unknown])[]): JsonValue {
  return Object.fromEntries(entries.map(([key, value]) => [String(key), toJson(value)]));
}

function readNumber(value: number): number {
  // Negative zero is zero in JSON.
  if (Number.isFinite(value)) return value + 0;
  throw new CadreError(
    'invalid_expression',
    `the result is ${value}, which is not a number that JSON can hold`,
  );
}

function readInteger(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new CadreError('invalid_expression', `the result ${value} is too large to be exact`, {
    hint: 'make it a text with string(…)',
  });
}

function readTime(value: Date): string {
  if (Number.isFinite(value.getTime())) return value.toISOString();
  throw new CadreError('invalid_expression', 'the result is a time out of range');
}

/** The name of a type is all that remains of one. */
function readRest(value: unknown): JsonValue {
  const text = String(value);
  const type = /^Type<(.+)>$/.exec(text)?.[1];
  if (type !== undefined) return type;
  throw new CadreError('invalid_expression', 'the result is not a value that JSON can hold', {
    hint: 'make bytes a text with string(…)',
  });
}

function isPlain(value: unknown): value is object {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
