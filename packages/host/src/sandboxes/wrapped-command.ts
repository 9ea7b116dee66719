import type { Usage } from '@cadre/core';
import type { ConfinedProcess, Load, ProcessEnd, UseLimits } from '../ports/sandbox.ts';

export interface Seen {
  readonly usage: Usage;
  /** Of memory now; `usage` has the most. */
  readonly memoryBytes: number;
  /** The system has ended one of its processes for want of memory; what is left of it is of no use. */
  readonly memoryExceeded: boolean;
}

/** How to start a program so that it is confined. */
export interface WrappedCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment of the program that is spawned. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What the program reads from descriptors 3, 4, … until their end. */
  readonly descriptors: readonly Uint8Array[];
  /** One more descriptor, which stays open as long as this process lives: who reads from it hears of our death, however we die. */
  readonly isLeashed?: true;
  /** Ends what has left the group of the program; absent where the system does that by itself. */
  readonly endStrays?: () => void;
  /**
   * To be called once when the program that was spawned has ended, with how: ends what it may have left, removes what was made for it,
   * and says how much memory it was not to exceed, if it did.
   */
  release(end: ProcessEnd): Promise<number | undefined>;
  /** What it has used so far, given the number of the program that was spawned. */
  readonly measure: (pid: number | undefined) => Promise<Seen>;
  readonly most: UseLimits;
  /** What it uses, given the number of the program that was spawned. */
  readonly load: (pid: number | undefined) => Promise<Load>;
  readonly full: ConfinedProcess['full'];
}
