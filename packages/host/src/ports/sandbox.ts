import type { Confinement } from './action-runner.ts';

/** Starts a program so that the operating system keeps it within its confinement. */
export interface Sandbox {
  /** What this machine can enforce, found out by trying it, once. */
  probe(): Promise<SandboxReport>;
  /**
   * How to start `command` confined: the program, its arguments and its environment, and files to pass as
   * descriptors. Pure apart from looking at paths; the caller spawns it and, to end it, kills it with SIGKILL.
   */
  wrap(command: readonly string[], options: SandboxOptions): Promise<WrappedCommand>;
}

export interface SandboxOptions {
  readonly confinement: Confinement;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Read-only folders that the program itself needs: Node, the worker's package. */
  readonly installed: readonly string[];
}

export interface WrappedCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Extra descriptors from 3 on, each a file whose content the program reads (seccomp filter). */
  readonly descriptors: readonly string[];
}

/** `enforced` · `partial` (something named is missing) · `advisory` (nothing is enforced by the system) */
export interface SandboxReport {
  readonly level: 'enforced' | 'partial' | 'advisory';
  readonly mechanism: string;
  /** Each a plain sentence for people. */
  readonly missing: readonly string[];
  readonly hint?: string;
}
