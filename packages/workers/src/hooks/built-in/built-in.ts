import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { ActionContext } from '@cadre/sdk';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** A staged file as a check sees it. */
export interface HookFile {
  readonly path: string;
  readonly content: Buffer;
  /** The content as Latin-1: a character for each byte, so that any text goes through it unharmed. */
  readonly text: string;
  readonly executable: boolean;
}

/** What is wrong with a file. With `content` it was mended, and that is what it shall hold. */
export interface Fault {
  readonly message: string;
  readonly content?: Buffer;
}

/** Looks at one file alone, so that all checks can go over it while it is at hand. */
export type FileCheck = (file: HookFile) => Fault | undefined;

export interface RepositoryFacts {
  readonly context: ActionContext;
  readonly snapshot: Snapshot;
}

/** Looks at all chosen files together. Answers what is wrong, or undefined. */
export type RepositoryCheck = (
  paths: readonly string[],
  facts: RepositoryFacts,
) => Promise<string | undefined>;

export type Check =
  | { readonly kind: 'file'; readonly check: FileCheck }
  | { readonly kind: 'repository'; readonly check: RepositoryCheck };

/** A hook that needs no program: what it is called, which files it wants, and how it is made from its arguments. */
export interface BuiltIn {
  readonly name: string;
  readonly types?: readonly string[];
  readonly files?: string;
  readonly alwaysRun?: boolean;
  readonly stages?: readonly string[];
  /** A program without which it cannot run. */
  readonly needs?: string;
  /** `inMerge`: a merge or rebase is going on. Throws UsageError. */
  readonly create: (args: readonly string[], state: { readonly inMerge: boolean }) => Check;
}

/** Arguments that a hook does not understand: the hook fails and says so, as the original does. */
export class UsageError extends Error {}

export function fileCheck(check: FileCheck): Check {
  return { kind: 'file', check };
}

export function repositoryCheck(check: RepositoryCheck): Check {
  return { kind: 'repository', check };
}

/** Options as the original takes them. Throws UsageError. */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
