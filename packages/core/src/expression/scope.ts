import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { FindArtifact } from '../artifact/load-artifacts.ts';

/** What an expression may see. Only what it refers to need be there: ask `references` first. */
export interface Scope {
  readonly inputs: JsonObject;
  readonly steps: Readonly<Record<string, StepView>>;
  readonly run: { readonly id: string; readonly startedAt: number; readonly trigger: JsonObject };
  readonly workspace: JsonObject;
  /** What a waiting step is asked about; else `event` is what started the run. */
  readonly event?: JsonObject;
  readonly failure?: Failure;
  /** Names that steps around it bring in: a forEach's `as`, `iteration`, `index`. */
  readonly variables: JsonObject;
  /** Where values may be references. */
  readonly findArtifact?: FindArtifact;
}

export interface StepView {
  readonly status: string;
  readonly output: JsonValue;
  readonly failure: Failure | null;
  readonly attempts: number;
}
