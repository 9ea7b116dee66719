import type { JsonObject, JsonValue } from '@cadre/sdk';
import { ArtifactReference } from './artifact-reference.ts';
import type { Artifacts } from './artifacts.ts';
import { ArtifactsNeeded } from './artifacts-needed.ts';

export type FindArtifact = Artifacts['find'];

/** Values are never changed, so a wide one is walked once. To remember a small one costs more than to walk it again. */
const WITHOUT = new WeakSet<object>();
const WIDE = 64;

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
  if (!holdsReference(value)) return [];
  return Object.values(value as object).flatMap(referencesIn);
}

/** Without allocating anything: nearly every value holds none, and all values come by here. */
export function holdsReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof ArtifactReference) return true;
  if (WITHOUT.has(value)) return false;
  let width = 0;
  for (const name in value) {
    if (holdsReference((value as Record<string, unknown>)[name])) return true;
    width += 1;
  }
  if (width >= WIDE) WITHOUT.add(value);
  return false;
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
  if (!holdsReference(value)) return value;
  if (Array.isArray(value)) return value.map((inner) => load(inner, find, needed));
  const entries = Object.entries(value as JsonObject);
  return Object.fromEntries(entries.map(([name, inner]) => [name, load(inner, find, needed)]));
}
