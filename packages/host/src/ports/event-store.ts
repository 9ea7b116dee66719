import type { RunStatus } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';

/** Something that was told to all who may want to know. */
export interface Emitted {
  readonly id: string;
  readonly at: number;
  readonly topic: string;
  readonly by: string;
  readonly data: JsonValue;
}

/** A run that is over, as the event that it is. */
export interface EndedRun {
  readonly id: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly principal: string;
  readonly endedAt: number;
  readonly failureCode?: string;
}

/** Events from outside of runs, and who waits for them. */
export interface EventStore {
  /** Keeps an event until somebody has dealt with it. Keeping it again changes nothing, also after that. */
  emit(event: Emitted): Promise<void>;
  /** Events that nobody has dealt with; each is given to one process, and again after `againMs`. The earliest first. */
  take(now: number, againMs: number, limit: number): Promise<readonly Emitted[]>;
  /** It was dealt with. */
  settle(id: string): Promise<void>;
  /** Forgets events before this time that were dealt with. */
  forget(before: number): Promise<void>;
  /** Runs with a step that waits for an event whose topic may be this one, and what they wait for. */
  listWaits(topic: string): Promise<readonly { readonly run: string; readonly topic: string }[]>;
  /** Runs that ended after this time, no plans; the earliest first. */
  listEnded(after: number, limit: number): Promise<readonly EndedRun[]>;
}
