import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { canonicalJson } from '../json.ts';

/** `narrower`: values that were valid are no longer. `wider`: values are valid that were not. */
export interface SchemaChange {
  readonly kind: 'narrower' | 'wider' | 'described';
  /** Where, as a JSON Pointer into the value that is described. */
  readonly pointer: string;
  readonly says: string;
}

/** Keywords that speak to people alone. */
const WORDS = new Set(['title', 'description', 'examples', '$comment', 'default', 'deprecated', 'format']);

/** A smaller number allows less. */
const UPPER = new Set([
  'maximum',
  'exclusiveMaximum',
  'maxLength',
  'maxItems',
  'maxProperties',
  'maxContains',
]);
/** A greater number allows less. */
const LOWER = new Set([
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'minItems',
  'minProperties',
  'minContains',
]);

/**
 * How what a schema allows has changed. What cannot be compared keyword by keyword (`allOf`, `pattern`, `$ref` …) counts as both
 * narrower and wider when it differs: better one step of the version too many than a workflow that breaks.
 */
export function schemaChanges(before: JsonSchema, after: JsonSchema, pointer = ''): readonly SchemaChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (same(old, now)) return [];
    if (WORDS.has(key)) return [{ kind: 'described', pointer, says: `${key} reads differently` }];
    return (KEYWORDS[key] ?? compareUnknown(key))(old, now, { pointer, before, after });
  });
}

interface Around {
  readonly pointer: string;
  readonly before: JsonSchema;
  readonly after: JsonSchema;
}

type Compare = (
  old: JsonValue | undefined,
  now: JsonValue | undefined,
  around: Around,
) => readonly SchemaChange[];

const KEYWORDS: Readonly<Record<string, Compare>> = {
  type: (old, now, { pointer }) => compareSets(typesOf(old), typesOf(now), pointer, 'the type'),
  enum: (old, now, { pointer }) => compareSets(listOf(old), listOf(now), pointer, 'the value'),
  required: (old, now, { pointer }) => {
    const [was, is] = [namesOf(old), namesOf(now)];
    return [
      ...is
        .filter((name) => !was.includes(name))
        .map((name) => narrower(pointer, `${name} has become required`)),
      ...was
        .filter((name) => !is.includes(name))
        .map((name) => wider(pointer, `${name} need not be given any more`)),
    ];
  },
  properties: (old, now, { pointer, after }) => {
    const [was, is] = [schemasOf(old), schemasOf(now)];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) => {
      const at = `${pointer}/${name}`;
      const [one, other] = [was[name], is[name]];
      if (one !== undefined && other !== undefined) return schemaChanges(one, other, at);
      if (other === undefined)
        return isClosed(after)
          ? [narrower(at, 'is not known any more')]
          : [wider(at, 'is not described any more')];
      return [wider(at, 'is new')];
    });
  },
  additionalProperties: (old, now, around) => compareOpen(old, now, around, 'other names'),
  items: (old, now, around) =>
    compareOpen(old, now, { ...around, pointer: `${around.pointer}/*` }, 'elements'),
};

function compareOpen(
  old: JsonValue | undefined,
  now: JsonValue | undefined,
  { pointer }: Around,
  what: string,
): readonly SchemaChange[] {
  const [was, is] = [old ?? true, now ?? true];
  if (isSchema(was) && isSchema(is)) return schemaChanges(was, is, pointer);
  if (is === false) return [narrower(pointer, `${what} are not allowed any more`)];
  if (was === false) return [wider(pointer, `${what} are allowed now`)];
  return isSchema(is) ? schemaChanges({}, is, pointer) : isSchema(was) ? schemaChanges(was, {}, pointer) : [];
}

function compareUnknown(key: string): Compare {
  const upper = UPPER.has(key);
  return (old, now, { pointer }) => {
    if (!upper && !LOWER.has(key)) {
      if (old === undefined) return [narrower(pointer, `${key} is new`)];
      if (now === undefined) return [wider(pointer, `${key} is gone`)];
      return [narrower(pointer, `${key} has changed`), wider(pointer, `${key} has changed`)];
    }
    const open = upper ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const [was, is] = [Number(old ?? open), Number(now ?? open)];
    const says = `${key} is ${now === undefined ? 'gone' : JSON.stringify(now)}${old === undefined ? '' : ` and was ${JSON.stringify(old)}`}`;
    return [upper === is < was ? narrower(pointer, says) : wider(pointer, says)];
  };
}

/** Absent: everything. */
function compareSets(
  was: readonly string[] | undefined,
  is: readonly string[] | undefined,
  pointer: string,
  what: string,
): readonly SchemaChange[] {
  if (was === undefined) return [narrower(pointer, `${what} has to be ${(is ?? []).join(' or ')} now`)];
  if (is === undefined) return [wider(pointer, `${what} need not be ${was.join(' or ')} any more`)];
  return [
    ...was
      .filter((one) => !is.includes(one))
      .map((one) => narrower(pointer, `${what} ${one} is not allowed any more`)),
    ...is.filter((one) => !was.includes(one)).map((one) => wider(pointer, `${what} ${one} is allowed now`)),
  ];
}

const narrower = (pointer: string, says: string): SchemaChange => ({ kind: 'narrower', pointer, says });
const wider = (pointer: string, says: string): SchemaChange => ({ kind: 'wider', pointer, says });

function same(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return canonicalJson(left) === canonicalJson(right);
}

/** An integer is a number: to allow numbers where integers were takes nothing away. */
function typesOf(value: JsonValue | undefined): readonly string[] | undefined {
  const types = listOf(value)?.map((text) => JSON.parse(text) as string);
  return types?.flatMap((type) => (type === 'number' ? ['integer', 'number'] : [type]));
}

function listOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).map((one) => canonicalJson(one as JsonValue));
}

function namesOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function schemasOf(value: JsonValue | undefined): Readonly<Record<string, JsonSchema>> {
  return isSchema(value) ? (value as Readonly<Record<string, JsonSchema>>) : {};
}

function isSchema(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isClosed(schema: JsonSchema): boolean {
  return schema['additionalProperties'] === false;
}
