import type { JsonSchema, JsonValue } from '@cadre/sdk';
import type { Environment } from '@marcbachmann/cel-js';
import { language } from '../../expression/environment.ts';
import { isObject } from '../shape.ts';

/** What a JSON Schema says about a value, as the type checker of CEL knows it. */
export interface TypeTable {
  readonly environment: Environment;
  /** Names of the types made of schemas, by what they look like. */
  readonly names: Map<string, string>;
  /** Their fields by name of the type, and whether there can be no others. */
  readonly fields: Map<string, { readonly names: readonly string[]; readonly closed: boolean }>;
}

/** Schemas nested more deeply are any value. */
const DEEPEST = 8;

export function openTypeTable(): TypeTable {
  const environment = language().clone({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  registerNumberLists(environment);
  return { environment, names: new Map(), fields: new Map() };
}

/**
 * Numbers from outside are doubles and literals are integers. Where types are unknown the library compares them all the
 * same; where they are known it must be told that it may.
 */
function registerNumberLists(environment: Environment): void {
  const never = () => false;
  environment.registerOperator('double in list<int>', never);
  environment.registerOperator('int in list<double>', never);
  environment.registerOperator('list<double> == list<int>', never);
  environment.registerOperator('list<double> + list<int>: list<double>', () => []);
  environment.registerOperator('list<int> + list<double>: list<double>', () => []);
}

/** The name of the type that values of a schema have; `dyn` where the schema leaves it open. */
export function typeOfSchema(schema: JsonValue | undefined, table: TypeTable, depth = 0): string {
  // Its author hands over a path; what stands in the run is what lies there.
  if (!isObject(schema) || depth > DEEPEST || schema['format'] === 'artifact') return 'dyn';
  switch (schema['type']) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'integer':
      return 'double';
    case 'array':
      return `list<${typeOfSchema(schema['items'], table, depth + 1)}>`;
    case 'object':
      return typeOfObject(schema, table, depth);
    default:
      return 'dyn';
  }
}

function typeOfObject(schema: JsonSchema, table: TypeTable, depth: number): string {
  const { properties, additionalProperties } = schema;
  if (!isObject(properties) || Object.keys(properties).length === 0) return 'map';
  const fields = Object.entries(properties).map(
    ([name, inner]) => [name, typeOfSchema(inner, table, depth + 1)] as const,
  );
  return defineType(Object.fromEntries(fields), additionalProperties === false, table);
}

/**
 * Types have numbers for names, because the library keeps every name that it was ever given; and what looks the same is
 * one type, because it compares every new one with all others.
 */
export function defineType(
  fields: Readonly<Record<string, string>>,
  closed: boolean,
  table: TypeTable,
): string {
  const key = JSON.stringify([closed, fields]);
  const known = table.names.get(key);
  if (known !== undefined) return known;
  const name = `$${table.fields.size + 1}`;
  table.environment.registerType(name, { fields: { ...fields } });
  table.fields.set(name, { names: Object.keys(fields), closed });
  table.names.set(key, name);
  return name;
}
