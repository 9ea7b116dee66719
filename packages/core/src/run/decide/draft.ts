import type { Failure, JsonObject } from '@cadre/sdk';
import type { Artifacts } from '../../artifact/artifacts.ts';
import { apply } from '../apply.ts';
import type { Command } from '../commands.ts';
import type { RunEvent, RunEventBody } from '../events.ts';
import type { List, Node, Outline } from '../outline.ts';
import type { RunState, StepState } from '../state.ts';
import { keepLarge } from './keep-large.ts';

/** What a decision may know besides the workflow and the state: time, chance and names come in from outside. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** From 0 up to but not including 1. */
  readonly random: number;
  readonly runId: string;
  /** What expressions see as `workspace`. */
  readonly workspace: JsonObject;
  /** Absent: no value is too large, and none is a reference. */
  readonly artifacts?: Artifacts;
}

/**
 * A decision while it is being made. Invariants:
 * 1. `state` is the given state with `events` applied: every step of the choice sees what was chosen before it.
 * 2. A perform-step command stands in `performs` only while its attempt is running.
 */
export interface Draft {
  readonly outline: Outline;
  readonly moment: Moment;
  state: RunState;
  readonly events: RunEvent[];
  readonly performs: Map<string, Command>;
  /** Steps that something happened to whose containers have not been looked at since. */
  readonly queue: Change[];
  readonly moves: Moves;
  /** Told of every step that is looked at, so that a test can count them. */
  readonly visit: (path: string) => void;
}

export interface Change {
  readonly container: string;
  readonly children: readonly string[];
}

export interface StepPlace {
  readonly path: string;
  readonly node: Node;
}

export interface ListPlace {
  readonly path: string;
  readonly list: List;
}

/** How a step stands towards its container after everything that can be decided about it has been decided. */
export type Standing =
  | { readonly kind: 'active' }
  /** Over, and its container goes on. */
  | { readonly kind: 'done' }
  /** Over, and its container fails with this. */
  | { readonly kind: 'fatal'; readonly failure: Failure };

export const ACTIVE: Standing = { kind: 'active' };
export const DONE: Standing = { kind: 'done' };

/** How the kinds of steps reach each other: containers hold any kind, and any kind may hold a recovery. */
export interface Moves {
  /** Begins a step that nothing has happened to, or begins it again. */
  begin(draft: Draft, place: StepPlace): void;
  /** Goes on with a step that was begun: retries, asks, recovers, as far as that needs nothing from outside. */
  settle(draft: Draft, place: StepPlace): Standing;
}

export function emit(draft: Draft, body: RunEventBody): void {
  const event: RunEvent = { at: draft.moment.now, ...keepLarge(draft.moment.artifacts, body) };
  draft.state = apply(draft.state, { number: draft.state.number + 1, ...event });
  draft.events.push(event);
}

export function stepAt(draft: Draft, path: string): StepState {
  const step = draft.state.steps.get(path);
  if (step === undefined) throw new Error(`bug: nothing has happened to the step '${path}' yet`);
  return step;
}
