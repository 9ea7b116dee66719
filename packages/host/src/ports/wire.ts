/**
 * By which processes tell each other that something happened. Nothing rests on it: what happened stands in the store, and whoever
 * hears nothing looks there by themselves, later.
 */
export interface Wire {
  /** Tells all who listen, this process too. Never waits and never throws. */
  publish(lines: readonly string[]): void;
  /** Each line that was told; `undefined` when some may have been missed. Answers the way to stop. */
  listen(hear: (line: string | undefined) => void): () => void;
  close(): Promise<void>;
}
