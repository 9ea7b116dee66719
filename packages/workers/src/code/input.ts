import { availableParallelism } from 'node:os';

/** What `format` and `lint` are asked for; paths are relative to the workspace. */
export interface CodeInput {
  /** Folder to work in. Default the workspace. */
  readonly path?: string;
  /** Only these files, or what lies in these folders. Absent or empty: all. */
  readonly paths?: readonly string[];
  /** Globs of files to leave alone. */
  readonly exclude?: readonly string[];
  /** Write nothing and say what would change. */
  readonly check?: boolean;
  /** Programs at work at once; absent or 0: the machine's cores, at most 8. */
  readonly jobs?: number;
  /** Only these tools, by the names of the table; `built-in` is one of them. Absent or empty: all that apply. */
  readonly tools?: readonly string[];
}

const MOST_JOBS = 8;

export function jobsOf(input: CodeInput): number {
  return input.jobs || Math.min(availableParallelism(), MOST_JOBS);
}

/** Undefined when everything is meant. */
export function only(names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names === undefined || names.length === 0 ? undefined : new Set(names);
}
