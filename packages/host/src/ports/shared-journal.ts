import type { NumberedEvent, RunEvent } from '@cadre/core';
import type { Appended } from './store.ts';
import type { Transaction } from './transaction.ts';

/**
 * What a store offers beyond the others when many processes share it: no run has a holder, whoever knows what happened
 * advances it. All methods ride out a lost connection, and throw `store_unavailable` when it stays away.
 */
export interface SharedStore extends Transaction {
  /** `alongside` writes what stands beside each turn, in the transaction of the turn. */
  openJournal<Beside>(alongside: Alongside<Beside>): SharedJournal<Beside>;
  /** Work in a transaction of its own. It may be done a second time when the connection was lost. */
  transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /**
   * What processes, this one too, told with their turns, each as one line; `undefined` when some may have been missed.
   * Answers the way to stop.
   */
  listen(hear: (line: string | undefined) => void): () => void;
}

export type Alongside<Beside> = (transaction: Transaction, beside: readonly Beside[]) => Writing;

export interface Writing {
  /** What to tell the others, when all is written. */
  readonly lines: Promise<readonly string[]>;
  /** All is under way to the server already, so that the commit can be sent after it. */
  readonly sent: boolean;
}

/** One step of a run: what happened and what follows from it. */
export interface Turn<Beside> {
  readonly run: string;
  /** Number of the run's last event; 0: the run begins with these. */
  readonly expected: number;
  readonly events: readonly RunEvent[];
  /** When the run is to be decided again (ms since 1970), until the next turn says otherwise. */
  readonly wakeAt: number | undefined;
  /** Written only together with the events. */
  readonly beside?: Beside;
  /** Written whatever becomes of the events: an attempt that is over, however it ended. */
  readonly anyway?: Beside;
}

export interface SharedJournal<Beside> {
  /** All or nothing, durably before it answers; turns that are asked for at the same time share commits. */
  advance(turn: Turn<Beside>): Promise<Appended>;
  /** The events after what is known, of many runs in one question; at most 10,000 of each. */
  readOn(
    known: readonly { readonly run: string; readonly after: number }[],
  ): Promise<ReadonlyMap<string, readonly NumberedEvent[]>>;
  /** The numbers of the last events of these runs. */
  lastNumbers(runs: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The run was due, and there was nothing to append: it is due then, if nobody has advanced it meanwhile. */
  putOff(run: string, number: number, wakeAt: number | undefined): Promise<void>;
  /**
   * Runs whose time to be decided again has come, the longest due first; each is given to one process, and again after
   * `againMs` if nobody has advanced it.
   */
  takeDue(now: number, againMs: number): Promise<readonly string[]>;
  /** When the next run is due; undefined: none is. */
  nextDue(): Promise<number | undefined>;
  /** Runs that are not over and that no time brings up again, with their numbers. `thorough`: those that wait too. */
  listUntimed(thorough: boolean): Promise<ReadonlyMap<string, number>>;
}
