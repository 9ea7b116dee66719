/** Time and chance, which come in through this one door so that tests can move the clock. */
export interface Clock {
  /** Milliseconds since 1970; never goes back within a process. */
  now(): number;
  /** Calls back once at or soon after `at`; the answer takes it back. Does not keep the process alive. */
  wakeAt(at: number, callback: () => void): () => void;
  /** From 0 up to but not including 1. */
  random(): number;
  /** A new id that sorts by time, with a prefix: `run_01j…`. */
  newId(prefix: string): string;
}
