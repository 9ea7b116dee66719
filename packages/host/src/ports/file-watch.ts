export interface FileChange {
  /** From the root, with `/`. */
  readonly path: string;
  readonly change: 'added' | 'changed' | 'removed';
}

export interface FileWatchOptions {
  readonly root: string;
  /** Globs of the files that count, and of those that do not. */
  readonly paths: readonly string[];
  readonly ignore: readonly string[];
  /** Also tells, as added, what is there at the beginning. */
  readonly initial: boolean;
  /** Also in Cadre's own folder, which nothing else changes in. */
  readonly own?: true;
  readonly hear: (change: FileChange) => void;
  /** Something cannot be watched (any more). */
  readonly failed: (error: unknown) => void;
}

/**
 * Tells what changes below a folder, also in folders that are made, removed and made again later. Answers, when it hears
 * everything, the way to stop.
 */
export type WatchFiles = (options: FileWatchOptions) => Promise<() => Promise<void>>;
