import type { JsonValue } from '@cadre/sdk';
import { type FindArtifact, isReference, loadArtifact } from '../artifact/load-artifacts.ts';
import type { StepState } from './state.ts';

type Items = NonNullable<StepState['items']>;

/** How many elements a forEach has, whether they are loaded or not. */
export function countOf(items: Items): number {
  return isReference(items) ? (items.elements ?? 0) : items.length;
}

/** The element itself. Throws ArtifactsNeeded. */
export function itemAt(items: Items, index: number, find: FindArtifact | undefined): JsonValue {
  const list = isReference(items) ? loadArtifact(items.value, find) : items;
  return (list as readonly JsonValue[])[index] ?? null;
}
