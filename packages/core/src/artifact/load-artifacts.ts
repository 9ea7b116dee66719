import type { JsonValue } from '@cadre/sdk';
import { ArtifactReference } from './artifact-reference.ts';
import type { Artifacts } from './artifacts.ts';
import { ArtifactsNeeded } from './artifacts-needed.ts';

export type FindArtifact = Artifacts['find'];

/** Values are never changed, so each is walked once. */
const WITHOUT = new WeakSet<object>();

/**
 * A value with every reference in it replaced by what it stands for; the same object when there is none. Throws
 * ArtifactsNeeded, with all that is lacking, and what `find` throws.
 */
export function loadArtifacts(value: JsonValue, find: FindArtifact): JsonValue {
  const needed: ArtifactReference[] = [];
  const loaded = load(value, find, needed);
  if (needed.length > 0) throw new ArtifactsNeeded(needed);
  return loaded;
}

/** The value itself, when it is no more than a reference; what stands inside it may still be one. */
export function loadArtifact(value: JsonValue, find: FindArtifact | undefined): JsonValue {
  if (!isReference(value) || find === undefined) return value;
  const found = find(value);
  if (found === undefined) throw new ArtifactsNeeded([value]);
  return found;
}

/** Every reference in a value. */
export function referencesIn(value: unknown): ArtifactReference[] {
  if (isReference(value)) return [value];
  if (typeof value !== 'object' || value === null || WITHOUT.has(value)) return [];
  const found = Object.values(value).flatMap(referencesIn);
  if (found.length === 0) WITHOUT.add(value);
  return found;
}

export function isReference(value: unknown): value is ArtifactReference {
  return value instanceof ArtifactReference;
}

function load(value: JsonValue, find: FindArtifact, needed: ArtifactReference[]): JsonValue {
  if (isReference(value)) {
    const found = find(value);
    if (found !== undefined) return load(found, find, needed);
    needed.push(value);
    return null;
  }
  if (typeof value !== 'object' || value === null || WITHOUT.has(value)) return value;
  const before = needed.length;
  const entries: readonly (readonly [string, JsonValue])[] = Object.entries(value);
  const loaded = entries.map(([, inner]) => load(inner, find, needed));
  if (needed.length > before) return null;
  if (loaded.every((inner, index) => inner === entries[index]?.[1])) {
    WITHOUT.add(value);
    return value;
  }
  return Array.isArray(value)
    ? loaded
    : Object.fromEntries(entries.map(([name], index) => [name, loaded[index] ?? null]));
}
