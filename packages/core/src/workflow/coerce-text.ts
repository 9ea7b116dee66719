import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { isObject } from './shape.ts';

/**
 * A text as a value of the type that a schema asks for: `85` a number, `true` a truth value, `a,b` or `["a","b"]` a list,
 * `{"a":1}` a map. A text that is none stays what it is, so that validating it says what was expected.
 */
export function coerceText(text: string, schema: JsonSchema): JsonValue {
  const { type } = schema;
  const types = Array.isArray(type) ? type : [type ?? 'string'];
  for (const each of types) {
    const value = typeof each === 'string' ? COERCIONS.get(each)?.(text, schema) : undefined;
    if (value !== undefined) return value;
  }
  return text;
}

type Coercion = (text: string, schema: JsonSchema) => JsonValue | undefined;

const COERCIONS: ReadonlyMap<string, Coercion> = new Map<string, Coercion>([
  ['number', toNumber],
  ['integer', toNumber],
  ['boolean', (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined)],
  ['null', (text) => (text === 'null' ? null : undefined)],
  ['array', toList],
  ['object', (text) => parseJson(text, isObject)],
  ['string', (text) => text],
]);

function toNumber(text: string): number | undefined {
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function toList(text: string, schema: JsonSchema): JsonValue {
  const written = parseJson(text, Array.isArray);
  if (written !== undefined) return written;
  const { items } = schema;
  const elements = text === '' ? [] : text.split(',');
  return elements.map((element) => coerceText(element, isObject(items) ? items : {}));
}

function parseJson(text: string, fits: (value: JsonValue) => boolean): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return fits(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
