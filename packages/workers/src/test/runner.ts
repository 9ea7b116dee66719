import type { ActionContext, Completed, Skipped } from '@cadre/sdk';
import type { Folder } from '../code/folder.ts';
import type { Install } from '../code/tools/tool.ts';

/** A test runner: how a repository shows that it uses it, how it is called, and how its report is read. */
export interface Runner {
  readonly name: string;
  readonly program: string;
  readonly install: Install;
  /** A Python runner is often installed as a module only. */
  readonly module?: string;
  /** A root of its own is also below another one: Go's modules are not parts of one another. */
  readonly nests?: boolean;
  readonly recognise: (project: Project) => Promise<Evidence | undefined>;
  /** Whether a changed file can change what the tests of this runner say. */
  readonly isAffectedBy: (path: string) => boolean;
  /** Settings and the like, which may affect every test. */
  readonly affectsAll: (path: string) => boolean;
  /**
   * What changed files may affect, as the runner takes it: test files or packages, which then stand in `changed` instead of
   * them. Undefined when it is not known; absent where the runner finds it out by itself.
   */
  readonly affected?: (
    project: Project,
    changed: readonly string[],
  ) => Promise<readonly string[] | undefined>;
  readonly run: (job: Job) => Promise<Call>;
  /** Undefined when there is no readable report. */
  readonly read: (job: Job, completed: Completed) => Promise<Report | undefined>;
  /** Collects without running; absent: the files are known without asking. */
  readonly collect?: (job: Job) => Promise<Call>;
  readonly readCollected: (
    job: Job,
    completed: Completed | undefined,
  ) => Promise<readonly ListedTest[] | undefined>;
}

/** A folder in which a runner may be at home. */
export interface Project {
  readonly workspace: string;
  readonly folder: Folder;
  /** All files below, relative to the folder. */
  readonly files: readonly string[];
  /** The beginning of a file, empty when it cannot be read. */
  readonly read: (file: string) => Promise<string>;
}

export interface Evidence {
  readonly reason: string;
  /** It says so itself, and does not only have the runner among its dependencies. */
  readonly strong: boolean;
}

export interface Job {
  readonly context: ActionContext;
  readonly project: Project;
  /** Absolute folder that the runner runs in. */
  readonly root: string;
  /** Absolute folder for its reports, outside the workspace. */
  readonly reports: string;
  readonly selection: Selection;
  readonly coverage: boolean;
  /** Undefined: the repository's own limit holds, or none. */
  readonly testTimeoutMs: number | undefined;
  /** Runs the runner's own program with other arguments, to ask it about itself. */
  readonly ask: (...arguments_: string[]) => Promise<Completed>;
}

/** What a job is narrowed to; paths relative to its root. */
export interface Selection {
  readonly files: readonly string[];
  readonly pattern: string | undefined;
  readonly changed: readonly string[];
  readonly failed: readonly FailedTest[];
  /** Why it is all tests, though only those that a change affects were asked for. */
  readonly all?: string;
}

export interface FailedTest {
  readonly name: string;
  /** What the runner selects it by. */
  readonly id: string;
  readonly file?: string;
}

export interface Call {
  readonly arguments: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What was asked for and cannot be had, such as coverage without its package. */
  readonly skipped?: readonly Skipped[];
}

export interface Report {
  readonly cases: readonly TestCase[];
  readonly coverage?: Coverage;
  /** Files and folders worth keeping, absolute. */
  readonly artifacts?: readonly string[];
}

export interface TestCase {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** What the runner selects it by; absent: its name. */
  readonly id?: string;
  /** As the runner names it: absolute, or relative to the root. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly message?: string;
}

/** In lines, or in what the runner counts instead. */
export interface Coverage {
  readonly covered: number;
  readonly total: number;
}

export interface ListedTest {
  readonly name: string;
  readonly file?: string;
}

/** Escapes a name for a regular expression of JavaScript, Go or Rust. */
export function escapePattern(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The line of `file` that a stack or a message names first. */
export function lineIn(message: string, file: string): number | undefined {
  const line = new RegExp(`${escapePattern(file)}:(\\d+)`).exec(message)?.[1];
  return line === undefined ? undefined : Number(line);
}

export function coverageMissing(runner: string, needed: string, hint?: string): Skipped {
  return {
    tool: `${runner} coverage`,
    reason: 'tool_missing',
    message: `coverage cannot be measured: ${needed}`,
    ...(hint === undefined ? {} : { hint }),
  };
}
