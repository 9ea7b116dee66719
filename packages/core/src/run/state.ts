import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import type { Question } from './events.ts';
import type { RunStatus, StepStatus } from './status.ts';
import type { Timers } from './timers.ts';

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
  /** Paths of attempts under way. */
  readonly running: ImmutableSet<string>;
  /** Paths of steps whose next attempt has a time. */
  readonly retrying: ImmutableSet<string>;
  /** Paths of steps that wait for a person. */
  readonly waiting: ImmutableSet<string>;
  /** Containers in which nothing new may begin, because a step inside failed for good. */
  readonly failing: ImmutableSet<string>;
  /**
   * Where to look: for a container, those of its children that something happened to since anything was begun there.
   * It is what makes a decision cost as much as what happened, and not as much as the run is long. A journal alone does
   * not say what a decision has looked at already; the state that a decision gives does, and its agenda is empty.
   */
  readonly agenda: ImmutableMap<string, ImmutableSet<string>>;
  /** Whoever performs the attempts that are to end has been told; like an empty agenda, only a decision says so. */
  readonly told?: true;
  /** When retrying steps, and waiting ones and containers with a deadline, are due. */
  readonly timers?: Timers;
  /** Results of an earlier run, by the id of a top-level step. */
  readonly reused?: { readonly run: string; readonly steps: Readonly<Record<string, JsonValue>> };
  readonly output?: JsonValue;
  readonly failure?: Failure;
}

/** What a step is that nothing has happened to. */
export const PENDING: StepState = { status: 'pending', attempts: 0, deaths: 0 };

export interface StepState {
  readonly status: StepStatus;
  /** Attempts handed out; of a container how often it was opened. */
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
  /** It was performed again after its recovery, which happens once. */
  readonly recovered?: true;
  /** Its process died; whether trying again is safe. */
  readonly interrupted?: 'repeatable' | 'uncertain';
  /** Containers that are steps; lists of steps (the workflow's own, an element, a branch) open by what begins in them. */
  readonly opened?: 'parallel' | 'forEach' | 'choose';
  /** Containers: the elements, the chosen branch. */
  readonly items?: readonly JsonValue[];
  readonly branch?: number;
  readonly deadline?: number;
  /** Containers: how many children are over, and how many have been begun (in a sequence: from the start). */
  readonly over?: number;
  readonly begun?: number;
}
