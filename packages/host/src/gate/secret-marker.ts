import type { JsonObject, JsonValue } from '@cadre/sdk';

/** `{ "$secret": "NAME" }` stands in an input for the value of a secret, until the call is made. */
export interface MarkedSecret {
  readonly name: string;
  /** Where it stands, as a JSON Pointer. */
  readonly pointer: string;
}

export function findMarkers(value: JsonValue, pointer = ''): readonly MarkedSecret[] {
  const name = markerName(value);
  if (name !== undefined) return [{ name, pointer }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    findMarkers(inner, `${pointer}/${escapePointer(key)}`),
  );
}

/** The same input with each marker replaced by what `reveal` says; where it says nothing the marker stays. */
export function replaceMarkers(input: JsonObject, reveal: (name: string) => string | undefined): JsonObject {
  return replace(input, reveal) as JsonObject;
}

function replace(value: JsonValue, reveal: (name: string) => string | undefined): JsonValue {
  const name = markerName(value);
  if (name !== undefined) return reveal(name) ?? value;
  if (Array.isArray(value)) return value.map((inner) => replace(inner, reveal));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, reveal)]));
}

function markerName(value: JsonValue): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { $secret: name, ...others } = value;
  return typeof name === 'string' && Object.keys(others).length === 0 ? name : undefined;
}

/** RFC 6901, 3. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
