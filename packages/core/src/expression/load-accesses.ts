import type { JsonValue } from '@cadre/sdk';
import type { ArtifactReference } from '../artifact/artifact-reference.ts';
import { ArtifactsNeeded } from '../artifact/artifacts-needed.ts';
import { type FindArtifact, isReference, loadArtifacts, referencesIn } from '../artifact/load-artifacts.ts';
import type { Expression } from './expression.ts';

/**
 * The variables as an expression may read them: with a value in place of each reference that it reads or that stands on its
 * way. A reference that it only passes on stays one. Throws ArtifactsNeeded, with all that is lacking.
 */
export function loadAccesses(
  { accesses, plain }: Expression,
  variables: ReadonlyMap<string, unknown>,
  find: FindArtifact,
): ReadonlyMap<string, unknown> {
  const needed: ArtifactReference[] = [];
  let loaded = variables;
  for (const { name, fields } of accesses) {
    const before = loaded.get(name);
    const after = along(before, fields, 0);
    if (after !== before) loaded = new Map([...loaded, [name, after]]);
  }
  if (needed.length > 0) throw new ArtifactsNeeded(needed);
  return loaded;

  function along(value: unknown, fields: readonly string[], at: number): unknown {
    const field = fields[at];
    if (isReference(value)) {
      if (plain && field === undefined) return value;
      const found = find(value);
      if (found !== undefined) return along(found, fields, at);
      needed.push(value);
      return value;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (field === undefined || !Object.hasOwn(value, field)) return plain ? value : whole(value as JsonValue);
    const inner = value[field as keyof typeof value];
    const after = along(inner, fields, at + 1);
    if (after === inner) return value;
    // An index written as a text reads nothing of a list.
    return Array.isArray(value) ? value : { ...value, [field]: after };
  }

  function whole(value: JsonValue): JsonValue {
    const lacking = referencesIn(value).filter((reference) => find(reference) === undefined);
    needed.push(...lacking);
    return lacking.length > 0 ? value : loadArtifacts(value, find);
  }
}
