import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import { didYouMean } from '../nearest.ts';
import type { Path } from './path.ts';
import { isObject, show } from './shape.ts';

/** Where and why a value does not fit a schema. */
export interface Misfit {
  readonly path: Path;
  /** `unknown`: the place itself should not be there. `missing`: nothing is there. `schema`: the schema is no schema. */
  readonly kind: 'unknown' | 'missing' | 'wrong' | 'schema';
  readonly message: string;
  readonly suggestion?: string;
}

/** All misfits of a value with a JSON Schema (2020-12). Throws nothing: a schema that cannot be used is a misfit. */
export function validateSchema(schema: JsonSchema, value: JsonValue): Misfit[] {
  try {
    const { errors } = new Validator(schema as Schema, '2020-12', false).validate(value);
    return errors.filter((error) => isOwnFault(error, errors)).map((error) => toMisfit(error, schema, value));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return [{ path: [], kind: 'schema', message: `the schema cannot be used: ${reason}` }];
  }
}

/** Keywords that only say that something below them is wrong. */
const CARRIERS = new Set([
  'properties',
  'items',
  'prefixItems',
  'additionalProperties',
  '$ref',
  'allOf',
  'then',
  'else',
]);

function isOwnFault(error: OutputUnit, errors: readonly OutputUnit[]): boolean {
  if (CARRIERS.has(error.keyword)) return false;
  const wrongType = errors.some(
    (other) => other.keyword === 'type' && other.instanceLocation === error.instanceLocation,
  );
  if (wrongType && error.keyword !== 'type') return false;
  // Of alternatives it is said that none fits; why each does not is more than anybody wants to know.
  return !errors.some(
    ({ keyword, keywordLocation }) =>
      (keyword === 'anyOf' || keyword === 'oneOf') && error.keywordLocation.startsWith(`${keywordLocation}/`),
  );
}

function toMisfit(
  { instanceLocation, keyword, error }: OutputUnit,
  schema: JsonSchema,
  root: JsonValue,
): Misfit {
  const path = readPointer(instanceLocation, root);
  switch (keyword) {
    case 'required': {
      const name = quoted(error);
      return { path: [...path, name], kind: 'missing', message: `\`${name}\` is missing` };
    }
    case 'false':
    case 'unevaluatedProperties':
      return unknown(path, schema);
    default:
      return { path, kind: 'wrong', message: say(keyword, error, valueAt(root, path)) };
  }
}

function unknown(path: Path, schema: JsonSchema): Misfit {
  const name = String(path.at(-1) ?? '');
  const known = propertiesAt(schema, path.slice(0, -1));
  const listed = known.length === 0 ? undefined : `there are ${known.join(', ')}`;
  const suggestion = didYouMean(name, known) ?? listed;
  return {
    path,
    kind: 'unknown',
    message: `there is no \`${name}\``,
    ...(suggestion !== undefined && { suggestion }),
  };
}

function say(keyword: string, error: string, value: JsonValue | undefined): string {
  const found = value === undefined ? '' : `, found ${show(value)}`;
  switch (keyword) {
    case 'type':
      return `expected ${error
        .replace(/^.*Expected /, '')
        .replaceAll('"', '')
        .replace(/\.$/, '')
        .replace(', ', ' or ')}${found}`;
    case 'enum':
      return `expected one of ${error.replace(/^.*any of /, '').replace(/\.$/, '')}${found}`;
    case 'anyOf':
    case 'oneOf':
      return `fits none of what is allowed here${found}`;
    default:
      return `${error.charAt(0).toLowerCase()}${error.slice(1).replace(/\.$/, '')}${found}`;
  }
}

function quoted(error: string): string {
  return /"(.*)"/s.exec(error)?.[1] ?? '';
}

/** `#/steps/0/a~1b` in a value, with numbers where it has lists. */
function readPointer(pointer: string, root: JsonValue): Path {
  const names = pointer.split('/').slice(1);
  return names.reduce<Path>((path, segment) => {
    const name = decodeURI(segment).replaceAll('~1', '/').replaceAll('~0', '~');
    return path.concat(Array.isArray(valueAt(root, path)) ? Number(name) : name);
  }, []);
}

function valueAt(root: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string, JsonValue>)[key] : undefined,
    root,
  );
}

function propertiesAt(schema: JsonSchema, path: Path): string[] {
  const inner = path.reduce<JsonValue | undefined>((at, key) => {
    const { properties, items } = isObject(at) ? at : {};
    return isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : items;
  }, schema);
  const properties = isObject(inner) ? inner['properties'] : undefined;
  return isObject(properties) ? Object.keys(properties) : [];
}
