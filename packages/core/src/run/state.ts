import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { Map as ImmutableMap } from 'immutable';
import type { Question } from './events.ts';
import type { RunStatus, StepStatus } from './status.ts';

/** A run as its events leave it. Never changed: `apply` gives a new one that shares what did not change. */
export interface RunState {
  /** Number of the last event applied. */
  readonly number: number;
  readonly status: RunStatus;
  readonly workflow: string;
  readonly definition: string;
  readonly inputs: JsonObject;
  readonly mode: 'apply' | 'plan';
  readonly trigger: JsonObject;
  readonly principal: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** By path, see events.ts. A step that nothing has happened to yet is absent: it is `pending`. */
  readonly steps: ImmutableMap<string, StepState>;
  readonly output?: JsonValue;
  readonly failure?: Failure;
}

export interface StepState {
  readonly status: StepStatus;
  /** Attempts handed out. */
  readonly attempts: number;
  /** Attempts whose process died. */
  readonly deaths: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly dueAt?: number;
  readonly output?: JsonValue;
  readonly failure?: Failure;
  readonly reason?: string;
  readonly question?: Question;
  readonly answer?: { readonly by: string; readonly answer: string; readonly data?: JsonValue };
  /** Containers: the elements, the chosen branch. */
  readonly items?: readonly JsonValue[];
  readonly branch?: number;
  /** Containers with an order: how many children from the start are over, and how many have been begun. */
  readonly over?: number;
  readonly begun?: number;
}
