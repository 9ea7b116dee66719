import type { Completed } from '@cadre/sdk';
import type { FileCheck, RepositoryCheck } from './built-in/built-in.ts';
import type { Scratch } from './snapshot/scratch.ts';

/** How a hook does its work on the files that were chosen for it. */
export type HookWork =
  | { readonly kind: 'file'; readonly check: FileCheck }
  | { readonly kind: 'repository'; readonly check: RepositoryCheck }
  | { readonly kind: 'program'; readonly run: (scratch: Scratch) => Promise<ProgramEnd> };

export type ProgramEnd = Pick<Completed, 'code'> & { readonly output: string };

/** A hook of a configuration with the files it shall see, whatever framework the configuration is for. */
export interface Hook {
  readonly id: string;
  readonly name: string;
  /** The configuration that asks for it, relative to the repository. */
  readonly source: string;
  readonly paths: readonly string[];
  /** Absent when it is not to run, and why. */
  readonly work?: HookWork;
  readonly skipped?: { readonly reason: SkipReason; readonly message: string; readonly hint?: string };
  /** What it belongs to; when one of these was stopped it does not run. */
  readonly chains: readonly string[];
  /** The chains that its failure stops. */
  readonly stops: readonly string[];
  /** What it changes is staged; else it is only written to the work tree. */
  readonly stagesChanges: boolean;
  /** Changed files alone make it fail. */
  readonly failsOnChange: boolean;
  /** Hooks of one group run at the same time. */
  readonly group?: string;
  /** Its output is shown also when it passes. */
  readonly verbose: boolean;
}

/** `no_files` and `skipped` (somebody said so) are ordinary; the others say that it cannot run. */
export type SkipReason =
  | 'no_files'
  | 'skipped'
  | 'tool_missing'
  | 'needs_network'
  | 'unsupported'
  | 'invalid_config';

const CANNOT_RUN: ReadonlySet<SkipReason> = new Set([
  'tool_missing',
  'needs_network',
  'unsupported',
  'invalid_config',
]);

export function cannotRun(hook: Pick<Hook, 'skipped'>): boolean {
  return hook.skipped !== undefined && CANNOT_RUN.has(hook.skipped.reason);
}
