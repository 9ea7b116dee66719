/** What to test, and where. Paths are relative to the workspace. */
export interface TestInput {
  /** Folder to look for tests in. Default the workspace. */
  readonly path?: string;
  /** Only this runner, by its name. */
  readonly runner?: string;
}

export interface RunInput extends TestInput {
  readonly select?: Select;
  /** Lines that must be covered, in percent; 0 or absent: coverage is not measured. */
  readonly coverage?: number;
  /** Milliseconds for one test, where the runner can limit it. Default 15,000 where the repository says nothing. */
  readonly testTimeoutMs?: number;
  /** Tests that fail are run once more; those that pass then are reported as flaky and count as passed. */
  readonly rerunFailed?: boolean;
  /** No tests, or tests that cannot be run, are a failure. */
  readonly required?: boolean;
}

/** Absent or empty parts do not narrow. */
export interface Select {
  /** Test files, or folders of them. */
  readonly files?: readonly string[];
  /** Part of the names of tests, as the runner understands it. */
  readonly pattern?: string;
  /** Files that changed: the tests that they may affect. */
  readonly changed?: readonly string[];
  /** The tests that failed in the run before; all when none did. */
  readonly lastFailed?: boolean;
}
