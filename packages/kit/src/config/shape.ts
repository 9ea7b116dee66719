import { type core, toJSONSchema } from 'zod';
import { canonicalKey } from './canonical-key.ts';

type JsonSchema = core.JSONSchema.JSONSchema;

/** What a schema says about one key, in the form in which layers, variables and explanations need it. */
export interface Shape {
  readonly description: string | undefined;
  readonly default: unknown;
  /** Marked with `.meta({ secret: true })`: its value never stands in a file in clear. */
  readonly secret: boolean;
  /** JSON types that are accepted; empty: any. */
  readonly accepts: readonly string[];
  readonly choices: readonly unknown[];
  readonly required: boolean;
  /** By canonical key; undefined when the value is not made of keys. */
  readonly properties: ReadonlyMap<string, { readonly name: string; readonly shape: Shape }> | undefined;
  /** Of the values of keys that are not listed; undefined when there may be none. */
  readonly rest: Shape | undefined;
}

/** Read off the published JSON Schema of the schema, so that no internals of the library are touched. */
export function shapeOf(schema: core.$ZodType, published: JsonSchema = publishedSchema(schema)): Shape {
  return toShape(published, true);
}

/** The JSON Schema of what may be written into a file. */
export function publishedSchema(schema: core.$ZodType): JsonSchema {
  return toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

function toShape(schema: JsonSchema, required: boolean): Shape {
  const options = [schema, ...(schema.anyOf ?? [])].filter((option) => typeof option === 'object');
  return {
    description: schema.description,
    default: schema.default,
    secret: schema['secret'] === true,
    accepts: options.flatMap(({ type }) => type ?? []),
    choices: options.flatMap((option) => option.enum ?? ('const' in option ? [option.const] : [])),
    required,
    properties: schema.type === 'object' ? propertiesOf(schema) : undefined,
    rest: schema.type === 'object' ? restOf(schema.additionalProperties) : undefined,
  };
}

function propertiesOf(schema: JsonSchema): NonNullable<Shape['properties']> {
  const entries = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const child = typeof property === 'object' ? property : {};
    const needed = schema.required?.includes(name) === true || 'default' in child;
    return [canonicalKey(name), { name, shape: toShape(child, needed) }] as const;
  });
  return new Map(entries);
}

function restOf(rest: JsonSchema | boolean | undefined): Shape | undefined {
  if (typeof rest === 'object') return toShape(rest, false);
  return rest === true ? toShape({}, false) : undefined;
}

/** The child of a key, however it is spelled, with the name that the schema gives it. */
export function childOf(
  shape: Shape,
  key: string,
): { readonly name: string; readonly shape: Shape } | undefined {
  const known = shape.properties?.get(canonicalKey(key));
  if (known !== undefined) return known;
  return shape.rest === undefined ? undefined : { name: key, shape: shape.rest };
}

/** All keys that can be set, dotted: for suggestions and lists. */
export function keysOf(shape: Shape, prefix = ''): readonly string[] {
  return [...(shape.properties?.values() ?? [])].flatMap(({ name, shape: child }) => {
    const key = `${prefix}${name}`;
    return child.properties === undefined || child.properties.size === 0 ? [key] : keysOf(child, `${key}.`);
  });
}
