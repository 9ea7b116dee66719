import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';

/** One way in which a value does not fit its schema. */
export interface ValueFault {
  /** Where, as a JSON Pointer; empty for the whole value. */
  readonly pointer: string;
  readonly message: string;
}

/** These say only that something below them is wrong, which is told where it is. */
const SUMMARIES = new Set(['properties', 'items', 'prefixItems', '$ref', 'allOf', 'additionalProperties']);

/** Every fault of a value against a JSON Schema (2020-12); none when it fits. Throws for a schema with broken references. */
export function checkValue(schema: JsonSchema, value: JsonValue): readonly ValueFault[] {
  const { valid, errors } = new Validator(schema as Schema, '2020-12', false).validate(value);
  if (valid) return [];
  const details = errors.filter(({ keyword }) => !SUMMARIES.has(keyword));
  return (details.length === 0 ? errors : details).map(toFault);
}

function toFault({ instanceLocation, keyword, error }: OutputUnit): ValueFault {
  return {
    pointer: instanceLocation.replace(/^#/, ''),
    message: keyword === 'false' ? 'Nothing is expected here: the name is unknown.' : error,
  };
}
