import { isStreamHandle, type JsonObject, type JsonValue } from '@cadre/sdk';
import type { ArtifactReference } from './artifact-reference.ts';

/** A value with references in place of the handles that are known; a handle that nobody knows is data like any other. */
export function referHandles(
  value: JsonValue,
  find: (handle: string) => ArtifactReference | undefined,
): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isStreamHandle(value)) return find(value.$stream)?.value ?? value;
  if (Array.isArray(value)) return value.map((inner) => referHandles(inner, find));
  const entries = Object.entries(value as JsonObject);
  return Object.fromEntries(entries.map(([name, inner]) => [name, referHandles(inner, find)]));
}
