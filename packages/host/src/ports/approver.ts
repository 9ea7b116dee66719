import type { TrustQuestion } from './trust.ts';

/** Asks the person at hand. Where there is nobody, the adapter answers `undefined` at once. */
export interface Approver {
  /** May this be done? The text is made by Cadre from real values, with invisible characters shown as codes. */
  askPermission(question: PermissionQuestion): Promise<PermissionAnswer | undefined>;
}

/** Asks the person whether a repository may decide what its settings ask for; `undefined`: there is nobody. */
export interface TrustAsker {
  askTrust?(question: TrustQuestion): Promise<TrustAnswer | undefined>;
}

/** `without`: go on, and let them not count. */
export type TrustAnswer = 'trusted' | 'without' | 'no';

export interface PermissionQuestion {
  readonly worker: string;
  readonly action: string;
  readonly permission: string;
  /** One plain sentence: `git wants to run the program git`. */
  readonly sentence: string;
  readonly run: string;
  readonly step: string;
  readonly version: string;
  /** Where its code comes from. */
  readonly origin: 'built in' | 'installed' | 'workspace';
  /** What exactly: the full path, the program with its arguments, the host with its port. */
  readonly target: string;
  /** When the same was allowed to a manifest, or to code, that has changed since. */
  readonly changedSince?: number;
  /** An answer may hold in every workspace of the person: not for code that another repository could bring under this name. */
  readonly mayAlways: boolean;
  /** Who calls whom, the action of the step first, where it is wanted by an action that another one called. */
  readonly chain?: readonly string[];
}

/** `always`: in every workspace of this person, until it is taken back. */
export type PermissionAnswer = 'once' | 'run' | 'workspace' | 'always' | 'deny';
