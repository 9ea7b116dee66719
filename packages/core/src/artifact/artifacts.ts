import type { JsonValue } from '@cadre/sdk';
import type { ArtifactReference } from './artifact-reference.ts';

/** What a decision may do with values that are kept outside of the journal. */
export interface Artifacts {
  /** The value, when it is loaded. Throws CadreError with the reason why it cannot be. */
  find(reference: ArtifactReference): JsonValue | undefined;
  /** The value itself, or a reference to it when it is too large; the same for the same value. */
  keep(value: JsonValue): JsonValue;
}
