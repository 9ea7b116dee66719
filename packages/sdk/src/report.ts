/**
 * What the actions that care for a repository answer (HYG-4), so that a table, a baseline or a commit can be made of
 * any of them. Paths are relative to the workspace, with `/`.
 */
export interface StepReport {
  /** One line for people: `3 of 120 files formatted (prettier, ruff)`. */
  readonly summary: string;
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** Numbers worth comparing between runs: `{ files: 120, changed: 3 }`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Files worth keeping that were made outside the workspace, absolute. */
  readonly artifacts: readonly string[];
  /** Tools that the repository wants and that are not there; each with the way to get it. */
  readonly skipped: readonly Skipped[];
  /** What took how long, of what can be told apart. */
  readonly timings?: readonly Timing[];
}

export interface Timing {
  readonly tool: string;
  /** The class of the files it worked on: `python`, `tests`; of several that it took together `css + javascript`. */
  readonly files: string;
  readonly count: number;
  readonly durationMs: number;
}

export interface Change {
  readonly path: string;
  readonly change: 'created' | 'modified' | 'deleted';
  /** Git blob id (SHA-1 of `blob SIZE\\0CONTENT`) of what stood there before; null when there was nothing. */
  readonly before: string | null;
}

export interface Finding {
  readonly tool: string;
  readonly rule: string;
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical';
  readonly confidence: 'low' | 'medium' | 'high';
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
}

export interface Skipped {
  readonly tool: string;
  /** `tool_missing`, `unreadable`, `too_large`, `timed_out`, `changed_meanwhile` … */
  readonly reason: string;
  readonly message: string;
  readonly hint?: string;
}
