import type { JsonObject, JsonSchema, JsonValue } from '@cadre/sdk';
import { didYouMean } from '../nearest.ts';
import type { Path } from './path.ts';

/** Something wrong at a place of a document, before it is known where in the text that is. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly path: Path;
  /** The name itself is what is wrong, and not its value. */
  readonly atKey?: true;
  readonly suggestion?: string;
}

export type Report = (fault: Fault) => void;

/** What may be written in one place: one definition that checks documents and gives the JSON Schema for editors. */
export interface Shape {
  readonly schema: JsonSchema;
  readonly check: (value: JsonValue, path: Path, report: Report) => void;
}

/** A text that passes a test; `expected` says what it should be: `a duration such as 10m`. */
export function text(
  expected: string,
  test: (text: string) => boolean = notEmpty,
  schema: JsonSchema = {},
): Shape {
  return {
    schema: { type: 'string', ...(test === notEmpty && { minLength: 1 }), ...schema },
    check(value, path, report) {
      if (typeof value === 'string' && test(value)) return;
      report({ code: 'wrong_value', message: `expected ${expected}, found ${show(value)}`, path });
    },
  };
}

export function number(
  expected: string,
  limits: { minimum?: number; maximum?: number; whole?: boolean } = {},
): Shape {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, whole = false } = limits;
  const fits = (value: number) => value >= minimum && value <= maximum && (!whole || Number.isInteger(value));
  return {
    schema: {
      type: whole ? 'integer' : 'number',
      ...(limits.minimum !== undefined && { minimum }),
      ...(limits.maximum !== undefined && { maximum }),
    },
    check(value, path, report) {
      if (typeof value === 'number' && fits(value)) return;
      report({ code: 'wrong_value', message: `expected ${expected}, found ${show(value)}`, path });
    },
  };
}

/** One of a few words or constants. */
export function oneOf(...words: readonly (string | true)[]): Shape {
  const texts = words.map(String);
  return {
    schema: { enum: [...words] },
    check(value, path, report) {
      if (words.some((word) => word === value)) return;
      report({
        code: 'wrong_value',
        message: `expected ${texts.join(', ')}, found ${show(value)}`,
        path,
        ...suggest(typeof value === 'string' ? didYouMean(value, texts) : undefined),
      });
    },
  };
}

export const flag: Shape = {
  schema: { type: 'boolean' },
  check(value, path, report) {
    if (typeof value === 'boolean') return;
    report({ code: 'wrong_value', message: `expected true or false, found ${show(value)}`, path });
  },
};

export const anything: Shape = { schema: {}, check: () => {} };

export function list(element: Shape, least = 0): Shape {
  return {
    schema: { type: 'array', items: element.schema, ...(least > 0 && { minItems: least }) },
    check(value, path, report) {
      if (!Array.isArray(value)) {
        report({ code: 'wrong_value', message: `expected a list, found ${show(value)}`, path });
        return;
      }
      if (value.length < least) report({ code: 'empty', message: 'the list is empty', path });
      value.forEach((inner, index) => {
        element.check(inner, [...path, index], report);
      });
    },
  };
}

/** A map with any names. */
export function record(value: Shape, names: Shape = anything): Shape {
  return {
    schema: { type: 'object', additionalProperties: value.schema },
    check: (given, path, report) =>
      checkMap(given, path, report, (map) => {
        for (const [name, inner] of Object.entries(map)) {
          names.check(name, [...path, name], report);
          value.check(inner, [...path, name], report);
        }
      }),
  };
}

/** The keys of a map, each with its shape and one sentence for the editor. */
export type Keys = Readonly<Record<string, readonly [shape: Shape, description: string]>>;

/** A map with exactly these keys. */
export function object(keys: Keys, required: readonly string[] = []): Shape {
  return {
    schema: objectSchema(keys, required),
    check: (value, path, report) =>
      checkMap(value, path, report, (map) => checkKeys(map, keys, required, path, report)),
  };
}

/** A map that has exactly one of some of its keys. */
export function withOneOf(shape: Shape, ...keys: readonly string[]): Shape {
  return {
    schema: { ...shape.schema, oneOf: keys.map((key) => ({ required: [key] })) },
    check(value, path, report) {
      shape.check(value, path, report);
      if (!isObject(value) || keys.filter((key) => Object.hasOwn(value, key)).length === 1) return;
      const names = keys.map((key) => `\`${key}\``).join(', ');
      report({ code: 'wrong_value', message: `there must be exactly one of ${names} here`, path });
    },
  };
}

/** One of two kinds of map: the one with this key, or the other. */
export function eitherMap(key: string, withKey: Shape, other: Shape): Shape {
  return {
    schema: { anyOf: [withKey.schema, other.schema] },
    check(value, path, report) {
      const shape = isObject(value) && Object.hasOwn(value, key) ? withKey : other;
      shape.check(value, path, report);
    },
  };
}

export function objectSchema(keys: Keys, required: readonly string[]): JsonSchema {
  const properties = Object.entries(keys).map(([key, [shape, description]]) => [
    key,
    { ...shape.schema, description },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required: [...required] }),
    additionalProperties: false,
  };
}

export function checkKeys(
  map: JsonObject,
  keys: Keys,
  required: readonly string[],
  path: Path,
  report: Report,
): void {
  for (const [key, value] of Object.entries(map)) {
    if (Object.hasOwn(keys, key)) keys[key]?.[0].check(value, [...path, key], report);
    else report(unknownKey(key, Object.keys(keys), path));
  }
  for (const key of required) {
    if (!Object.hasOwn(map, key)) report({ code: 'missing_key', message: `\`${key}\` is missing`, path });
  }
}

export function unknownKey(key: string, known: readonly string[], path: Path): Fault {
  return {
    code: 'unknown_key',
    message: `there is no key \`${key}\` here`,
    path: [...path, key],
    atKey: true,
    suggestion: didYouMean(key, known) ?? `the keys here are ${known.join(', ')}`,
  };
}

/** Decided by what kind of value was written. */
export function byKind(
  expected: string,
  shapes: Partial<Record<'string' | 'number' | 'boolean' | 'list' | 'map', Shape>>,
): Shape {
  return {
    schema: { anyOf: Object.values(shapes).map((shape) => shape.schema) },
    check(value, path, report) {
      const kind = kindOf(value);
      const shape = kind === 'nothing' ? undefined : shapes[kind];
      if (shape !== undefined) shape.check(value, path, report);
      else report({ code: 'wrong_value', message: `expected ${expected}, found ${show(value)}`, path });
    },
  };
}

export function checkMap(
  value: JsonValue,
  path: Path,
  report: Report,
  check: (map: JsonObject) => void,
): void {
  if (isObject(value)) check(value);
  else report({ code: 'wrong_value', message: `expected a map, found ${show(value)}`, path });
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function suggest(suggestion: string | undefined): { suggestion?: string } {
  return suggestion === undefined ? {} : { suggestion };
}

/** A value as it may stand in a message. */
export function show(value: JsonValue): string {
  if (value === null) return 'nothing';
  const written = JSON.stringify(value);
  return written.length > 60 ? `${written.slice(0, 60)}…` : written;
}

function kindOf(value: JsonValue): 'string' | 'number' | 'boolean' | 'list' | 'map' | 'nothing' {
  if (Array.isArray(value)) return 'list';
  if (value === null) return 'nothing';
  return typeof value === 'object' ? 'map' : (typeof value as 'string' | 'number' | 'boolean');
}

function notEmpty(value: string): boolean {
  return value !== '';
}
