import type { JsonObject, JsonValue } from '@cadre/sdk';

const DROPPED = new Set(['pattern', 'patternProperties']);
/** Their keys are names that the author of the schema chose. */
const NAMED = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
/** Values, and no schemas. */
const VALUES = new Set(['const', 'enum', 'default', 'examples']);

/**
 * A JSON Schema without its regular expressions: those of a stranger could keep a process busy for ever. What does not fit
 * them is refused by whoever wrote them.
 */
export function withoutPatterns(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).filter(([key]) => !DROPPED.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (VALUES.has(key)) return [key, value];
      if (NAMED.has(key) && isMap(value)) {
        return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]))];
      }
      return [key, inner(value)];
    }),
  );
}

function inner(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inner);
  return isMap(value) ? withoutPatterns(value) : value;
}

function isMap(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
