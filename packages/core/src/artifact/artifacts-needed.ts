import type { ArtifactReference } from './artifact-reference.ts';

/** Thrown where something is read that is not loaded: load these, then do the same again. */
export class ArtifactsNeeded extends Error {
  readonly references: readonly ArtifactReference[];

  constructor(references: readonly ArtifactReference[]) {
    super(`bug: nobody loads ${references.map(({ digest }) => digest).join(', ')}`);
    this.references = references;
  }
}
