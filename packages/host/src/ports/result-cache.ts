import type { JsonValue } from '@cadre/sdk';

/**
 * Results of actions that may be answered again. Losing all of it costs time and nothing else, so every entry may go at
 * any moment.
 */
export interface ResultCache {
  /** Undefined when there is none, or its time is over at `now`. */
  find(key: string, now: number): Promise<KeptResult | undefined>;
  /** It was answered again: the least recently used go first. May be told late, and of several uses only one. */
  use(key: string, now: number): Promise<void>;
  /**
   * Keeps a result in place of what was there under its key. What is over goes, and then the least recently used until all
   * fit into `maxBytes`; a result that is larger by itself is not kept.
   */
  put(result: KeptResult, maxBytes: number): Promise<void>;
  /** Those in force at `now`, the most recently used first, without their outputs. */
  list(now: number): Promise<readonly KeptSummary[]>;
  /** Throws away those with a tag, or all; answers how many. */
  clear(tag?: string): Promise<number>;
}

export interface KeptResult extends KeptDescription {
  readonly output: JsonValue;
  /** What was allowed when it was made, as `type:scope`: whoever gets it must be allowed all of it. */
  readonly permissions: readonly string[];
  /** Files outside of the workspace that the output names, each with what tells whether it is still the same. */
  readonly artifacts: Readonly<Record<string, string>>;
}

export interface KeptSummary extends KeptDescription {
  readonly bytes: number;
  readonly usedAt: number;
}

export interface KeptDescription {
  /** SHA-256, in hexadecimal digits. */
  readonly key: string;
  /** `code/format` */
  readonly action: string;
  /** Where it comes from. */
  readonly run: string;
  readonly step: string;
  readonly tags: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
}
