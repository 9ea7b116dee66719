import type { JsonValue } from '@cadre/sdk';
import { didYouMean } from '../nearest.ts';
import type { ManifestFault } from './check-manifest.ts';

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/** Keywords of JSON Schema below which schemas stand: one, a list of them, or some by name. */
const ONE = new Set([
  'items',
  'additionalProperties',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'propertyNames',
]);
const LIST = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NAMED = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas']);

/** A type that there is not would refuse every value, and blame whoever calls. */
export function checkSchemaTypes(
  schema: JsonValue | undefined,
  path: ManifestFault['path'],
): readonly ManifestFault[] {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]): readonly ManifestFault[] => {
    const at = [...path, key];
    if (key === 'type') return [value].flat().flatMap((type) => typeFault(type, at));
    if (ONE.has(key)) return checkSchemaTypes(value, at);
    if (LIST.has(key) && Array.isArray(value))
      return value.flatMap((one, index) => checkSchemaTypes(one, [...at, index]));
    if (NAMED.has(key) && value !== null && typeof value === 'object' && !Array.isArray(value))
      return Object.entries(value).flatMap(([name, one]) => checkSchemaTypes(one, [...at, name]));
    return [];
  });
}

function typeFault(type: JsonValue, path: ManifestFault['path']): readonly ManifestFault[] {
  if (typeof type === 'string' && TYPES.includes(type)) return [];
  const suggestion = didYouMean(String(type), TYPES) ?? `there are ${TYPES.join(', ')}`;
  return [
    { severity: 'error', path, message: `${JSON.stringify(type)} is no type of JSON Schema`, suggestion },
  ];
}
