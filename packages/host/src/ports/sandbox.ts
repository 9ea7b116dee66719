import type { Outcome } from '@cadre/sdk';
import type { Confinement } from './action-runner.ts';

/** Starts a program so that the operating system keeps it within its confinement. */
export interface Sandbox {
  /** What this machine can enforce, found out by trying it, once. */
  probe(): Promise<SandboxReport>;
  /**
   * How to start `command` confined. The caller spawns it in a process group of its own and ends it with SIGKILL.
   * Throws CadreError `no_sandbox` when it cannot be confined as asked.
   */
  wrap(command: readonly string[], options: SandboxOptions): Promise<WrappedCommand>;
  /** A way out for confined programs: each connection is asked for, and made to the address in the answer. */
  openProxy(ask: (host: string, port: number) => Promise<Outcome<string>>): Promise<NetworkProxy>;
}

export interface SandboxOptions {
  readonly confinement: Confinement;
  readonly cwd: string;
  /** Added to the small environment that the sandbox itself gives (PATH, HOME, TMPDIR, …). */
  readonly env: Readonly<Record<string, string>>;
  /** Read-only files and folders that the program itself needs: Node, the worker's package. */
  readonly installed: readonly string[];
  /** Socket of an open proxy, to be had inside under `CADRE_PROXY_SOCKET`. */
  readonly proxySocket?: string;
  readonly memoryMiB?: number;
}

export interface WrappedCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment of the program that is spawned. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What the program reads from descriptors 3, 4, … until their end. */
  readonly descriptors: readonly Uint8Array[];
  /**
   * To be called once when the program has ended: ends what it may have left, removes what was made for it, and names
   * the limit that ended it, if one did.
   */
  release(): Promise<string | undefined>;
}

export interface NetworkProxy {
  /** Path of the Unix socket that speaks HTTP proxy (CONNECT and plain requests). */
  readonly socket: string;
  close(): Promise<void>;
}

/** `enforced` · `partial` (something named is missing) · `advisory` (nothing is enforced by the system) */
export interface SandboxReport {
  readonly level: 'enforced' | 'partial' | 'advisory';
  readonly mechanism: string;
  /** Each a plain sentence for people. */
  readonly missing: readonly string[];
  readonly hint?: string;
}
