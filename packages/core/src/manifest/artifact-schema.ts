import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { isObject } from '../workflow/shape.ts';

/** What is known of it, when its schema does not say what it is (`contentMediaType`). */
const UNKNOWN = 'application/octet-stream';

const RELAXED = new WeakMap<object, JsonSchema>();

/** Properties of an input or an output that are handed over as files (`format: artifact`), and what is in them. */
export function artifactsOf({ properties }: JsonSchema): Readonly<Record<string, string>> {
  if (!isObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      isArtifact(schema) ? [[name, String(schema['contentMediaType'] ?? UNKNOWN)]] : [],
    ),
  );
}

/** The schema as it holds for values outside of the worker: what is a file in there is any value out here. */
export function schemaOutside(schema: JsonSchema): JsonSchema {
  const known = RELAXED.get(schema);
  if (known !== undefined) return known;
  const names = Object.keys(artifactsOf(schema));
  const any = Object.fromEntries(names.map((name) => [name, true]));
  const properties = { ...(schema['properties'] as JsonSchema | undefined), ...any };
  const outside = names.length === 0 ? schema : { ...schema, properties };
  RELAXED.set(schema, outside);
  return outside;
}

function isArtifact(schema: JsonValue): schema is JsonSchema {
  return isObject(schema) && schema['format'] === 'artifact';
}
