import type { NumberedEvent } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

/** One event of a stream that is no run's journal. */
export interface StreamEvent {
  readonly stream: string;
  readonly number: number;
  readonly at: number;
  readonly topic: string;
  readonly actor?: string;
  readonly data: JsonObject;
}

export type StreamEntry = Pick<StreamEvent, 'at' | 'topic' | 'data'>;

/** An event of a run's journal, with what its envelope needs of the run. */
export interface WrittenEvent {
  /** Its place among the events of all runs. */
  readonly id: number;
  /** What the store calls the run: never given twice. */
  readonly key: number;
  readonly run: string;
  readonly principal: string;
  readonly event: NumberedEvent;
}

/** Events that are in no run's journal, and all events in the order in which they were written. */
export interface StreamStore {
  /**
   * Appends to a stream of a run from number `first` on; what stands there already is left, so that it can be tried again.
   * False: the stream has its end mark, and nothing is added. Throws `run_not_found`.
   */
  extend(run: string, stream: string, first: number, entries: readonly StreamEntry[]): Promise<boolean>;
  /** Appends the end mark that `end` makes of the last event, if there is none; false: there is one, or no event. */
  close(run: string, stream: string, end: (last: StreamEvent) => StreamEntry): Promise<boolean>;
  /** Events of one stream after number `after`. */
  read(stream: string, after: number, limit: number): Promise<readonly StreamEvent[]>;
  /** Events of all runs after `id`, none of which can still be preceded by one that is not seen yet. */
  readWritten(id: number, limit: number): Promise<readonly WrittenEvent[]>;
  /** The same for all streams that are no journals. */
  readStreams(id: number, limit: number): Promise<readonly (StreamEvent & { readonly id: number })[]>;
  /** The key of the run whose event has this id; undefined: it was removed. */
  keyAt(id: number): Promise<number | undefined>;
  /** Where everything written so far ends. */
  newest(): Promise<{
    readonly id: number;
    readonly key: number;
    readonly streams: number;
    readonly audit: number;
  }>;
  /** Streams, or streams of one run, that have no end mark. */
  listOpen(run: string): Promise<readonly string[]>;
}
