import type { Ecosystem } from '../ecosystem.ts';

/** A package at the version that a lock file fixes. */
export interface LockedPackage {
  readonly ecosystem: Ecosystem;
  /** PyPI names in their normal form. */
  readonly name: string;
  readonly version: string;
  /** Asked for by the project itself; absent when the file does not tell. */
  readonly direct?: boolean;
  /** Text of the file that stands where the package is named. */
  readonly anchor: string;
}

export interface ParsedLock {
  readonly packages: readonly LockedPackage[];
  /** Requirements without an exact version, which cannot be looked up. */
  readonly unpinned: number;
}

/** Reads one format. Throws an Error that says what is wrong with the text. */
export type LockParser = (text: string) => ParsedLock;

export function locked(packages: readonly LockedPackage[], unpinned = 0): ParsedLock {
  return { packages, unpinned };
}
