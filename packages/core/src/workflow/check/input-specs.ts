import type { JsonSchema, JsonValue } from '@cadre/sdk';
import { didYouMean } from '../../nearest.ts';
import type { Path } from '../path.ts';
import { isObject, show, suggest } from '../shape.ts';
import { validateSchema } from '../validate-schema.ts';
import type { Workflow } from '../workflow.ts';
import type { Finding } from './finding.ts';

/** Whether the schemas of the inputs are schemas, and the defaults fit them. */
export function checkInputSpecs(workflow: Workflow): Finding[] {
  return Object.entries(workflow.inputs).flatMap(([name, spec]) => {
    const path = ['spec', 'inputs', name];
    const findings = checkSchema(spec, path);
    return findings.some(({ warning }) => !warning)
      ? findings
      : [...findings, ...checkDefault(name, spec, path)];
  });
}

function checkDefault(name: string, spec: JsonSchema, path: Path): Finding[] {
  const value = spec['default'];
  if (value === undefined)
    return validateSchema(spec, null)
      .filter(({ kind }) => kind === 'schema')
      .map(({ message }) => wrong(message, path));
  return validateSchema(spec, value).map((misfit) =>
    misfit.kind === 'schema'
      ? wrong(misfit.message, path)
      : wrong(`the default of \`${name}\` does not fit: ${misfit.message}`, [
          ...path,
          'default',
          ...misfit.path,
        ]),
  );
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];

/** Keywords with what they take. Others are allowed, as JSON Schema says, but one that is nearly one of these is told. */
const KEYWORDS: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  type: (value) => [value].flat().every((type) => typeof type === 'string' && TYPES.includes(type)),
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: () => true,
  default: () => true,
  title: isText,
  description: isText,
  format: isText,
  pattern: isPattern,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => isNumber(value) && value !== 0,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  uniqueItems: (value) => typeof value === 'boolean',
  required: (value) => Array.isArray(value) && value.every(isText),
  items: isSchema,
  additionalProperties: isSchema,
  properties: (value) => isObject(value) && Object.values(value).every(isSchema),
};

function checkSchema(schema: JsonSchema, path: Path): Finding[] {
  const own = Object.entries(schema).flatMap(([keyword, value]) =>
    checkKeyword(keyword, value, [...path, keyword]),
  );
  const { items, properties } = schema;
  return [
    ...own,
    ...(isObject(items) ? checkSchema(items, [...path, 'items']) : []),
    ...Object.entries(isObject(properties) ? properties : {}).flatMap(([name, inner]) =>
      isObject(inner) ? checkSchema(inner, [...path, 'properties', name]) : [],
    ),
  ];
}

function checkKeyword(keyword: string, value: JsonValue, path: Path): Finding[] {
  const fits = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
  if (fits !== undefined) return fits(value) ? [] : [wrongKeyword(keyword, value, path)];
  const suggestion = didYouMean(keyword, Object.keys(KEYWORDS));
  if (suggestion === undefined) return [];
  return [
    {
      code: 'unknown_key',
      message: `\`${keyword}\` is no keyword of JSON Schema`,
      path,
      suggestion,
      warning: true,
    },
  ];
}

function wrongKeyword(keyword: string, value: JsonValue, path: Path): Finding {
  const suggestion =
    keyword === 'type'
      ? (didYouMean(String(value), TYPES) ?? `the types are ${TYPES.join(', ')}`)
      : undefined;
  return { ...wrong(`${show(value)} is not allowed for \`${keyword}\``, path), ...suggest(suggestion) };
}

function wrong(message: string, path: Path): Finding {
  return { code: 'wrong_schema', message, path };
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string';
}

function isNumber(value: JsonValue): boolean {
  return typeof value === 'number';
}

function isCount(value: JsonValue): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function isSchema(value: JsonValue): boolean {
  return typeof value === 'boolean' || isObject(value);
}

function isPattern(value: JsonValue): boolean {
  try {
    new RegExp(String(value), 'u');
    return typeof value === 'string';
  } catch {
    return false;
  }
}
