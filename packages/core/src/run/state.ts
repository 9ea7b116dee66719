import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { List as ImmutableList, Map as ImmutableMap, Set as ImmutableSet } from 'immutable';
import type { ArtifactReference } from '../artifact/artifact-reference.ts';
import type { Usage } from '../budget/usage.ts';
import type { Budget } from '../workflow/workflow.ts';
import type { Question, Wait } from './events.ts';
import type { KeptVersions } from './kept-versions.ts';
import type { RunStatus, StepStatus } from './status.ts';
import type { Timers } from './timers.ts';

/** A run as its events leave it. Never changed: `apply` gives a new one that shares what did not change. */
export interface RunState {
  /** Number of the last event applied. */
  readonly number: number;
  /** When that happened. Where a store went back, the same number tells of something else. */
  readonly changedAt: number;
  readonly status: RunStatus;
  readonly workflow: string;
  readonly definition: string;
  readonly inputs: JsonObject;
  readonly mode: 'apply' | 'plan';
  readonly trigger: JsonObject;
  readonly principal: string;
  readonly permissionSets?: readonly (readonly string[])[];
  readonly budget?: Budget;
  readonly group?: string;
  readonly priority?: number;
  /** The number of the event by which a person last gave it, or a step of it, another priority. */
  readonly prioritised?: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** By path, see events.ts. A step that nothing has happened to yet is absent: it is `pending`. */
  readonly steps: ImmutableMap<string, StepState>;
  /** Paths of attempts under way. */
  readonly running: ImmutableSet<string>;
  /** Paths of steps whose next attempt has a time. */
  readonly retrying: ImmutableSet<string>;
  /** Paths of steps that wait for a person, a time or an event. */
  readonly waiting: ImmutableSet<string>;
  /** Paths of repeats whose next going-through has a time. */
  readonly pausing: ImmutableSet<string>;
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
  /** What the run was told and no step has taken yet, the oldest first. */
  readonly signals: ImmutableList<Signal>;
  /** Steps that are undone, in this order, once the run has failed. */
  readonly compensating?: readonly string[];
  /** Results of an earlier run, by the id of a top-level step. */
  readonly reused?: { readonly run: string; readonly steps: Readonly<Record<string, JsonValue>> };
  readonly noCache?: true;
  /** Versions of workers that it goes on with until it ends, by id. */
  readonly workers?: KeptVersions;
  /** By everything in it, `finally` and what was undone as well. */
  readonly used?: Usage;
  /** Paths that something was used at since a decision looked; like the agenda, only a decision empties it. */
  readonly charged: ImmutableSet<string>;
  /** Limits that were warned of, as `scope limit`. */
  readonly warned: ImmutableSet<string>;
  /** A person has to allow it before anything begins under a limit that was warned of; those that they have allowed. */
  readonly asksForBudget?: true;
  readonly allowed: ImmutableSet<string>;
  readonly output?: JsonValue;
  readonly failure?: Failure;
}

export interface Signal {
  /** Its number in the journal. */
  readonly number: number;
  readonly topic: string;
  readonly data: JsonValue;
  readonly by: string;
  readonly at: number;
}

/** What a step is that nothing has happened to. */
export const PENDING: StepState = { status: 'pending', attempts: 0, deaths: 0 };

export interface StepState {
  readonly status: StepStatus;
  /** Attempts handed out; of a container how often it was opened. */
  readonly attempts: number;
  /** Attempts whose process died. */
  readonly deaths: number;
  /** Attempts that ended with the process of their worker, which is a failure of theirs. */
  readonly kills?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly dueAt?: number;
  readonly output?: JsonValue;
  readonly failure?: Failure;
  readonly reason?: string;
  /** The run whose kept result was answered instead of performing it. */
  readonly cachedFrom?: string;
  readonly question?: Question;
  readonly wait?: Wait;
  /** What it waited for came. */
  readonly woken?: { readonly by: string; readonly signal?: Signal };
  /** What a person said that it matters. */
  readonly priority?: number;
  /** The run of its own that it is. */
  readonly child?: string;
  readonly answer?: { readonly by: string; readonly answer: string; readonly data?: JsonValue };
  /** What was reserved for that run while it is under way; `wallMs`: what was left of the step's own time when it was begun. */
  readonly reserved?: Budget;
  /** By all its attempts and all that stands inside it. */
  readonly used?: Usage;
  /** What the attempt under way has told of. */
  readonly spent?: Usage;
  /** It was performed again after its recovery, which happens once. */
  readonly recovered?: true;
  /** Its process died; whether trying again is safe. */
  readonly interrupted?: 'repeatable' | 'uncertain';
  /** Containers that are steps; lists of steps (the workflow's own, an element, a branch) open by what begins in them. */
  readonly opened?: 'parallel' | 'forEach' | 'repeat' | 'choose';
  /** Containers: the elements, the chosen branch, the present going-through. */
  readonly items?: readonly JsonValue[] | ArtifactReference;
  readonly branch?: number;
  readonly iteration?: number;
  /** When that began. */
  readonly iteratedAt?: number;
  /** Elements that are over leave only their output; see `results`. */
  readonly compact?: true;
  /** Of a compact forEach: outputs of elements that are over, by their number. */
  readonly results?: ImmutableMap<number, JsonValue>;
  readonly deadline?: number;
  /**
   * Containers whose contents are forgotten again, and all inside them: the names of what is inside, so that forgetting
   * costs as much as there is to forget.
   */
  readonly children?: ImmutableSet<string>;
  /** Containers: how many children are over, and how many have been begun (in a sequence: from the start). */
  readonly over?: number;
  readonly begun?: number;
}
