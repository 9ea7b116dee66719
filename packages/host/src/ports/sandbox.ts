import type { Readable, Writable } from 'node:stream';
import type { MeasuredBy, Usage } from '@cadre/core';
import type { Failure, Outcome } from '@cadre/sdk';
import type { Confinement } from './action-runner.ts';
import type { ProcessLimits } from './gate.ts';

/** How strongly a program is confined, from the weakest: see the guide on sandboxing for what each does not stop. */
export const TIERS = ['process', 'os', 'container', 'remote'] as const;
export type Tier = (typeof TIERS)[number];

/** Starts a program so that it is kept within its confinement. */
export interface Sandbox {
  /**
   * What can be enforced here in a tier (default `os`, which is a plain process where the system offers nothing), found out by trying it
   * once, when it is first asked for. Level `advisory`: that tier is not to be had.
   */
  probe(tier?: Tier): Promise<SandboxReport>;
  /** Starts `command` confined. Throws CadreError `no_sandbox` when it cannot be confined as asked. */
  start(command: readonly string[], options: SandboxOptions): Promise<ConfinedProcess>;
  /** A way out for confined programs. */
  openProxy(ask: ProxyQuestions): Promise<NetworkProxy>;
  /** Where Node and what came with Cadre lie for a program of that tier; absent: where they lie here. Throws as `start` does. */
  installation?(tier?: Tier): Promise<Installation | undefined>;
  /** Ends what it keeps up between programs, and those that are still there. */
  close?(): Promise<void>;
}

/** Paths as a confined program sees them. */
export interface Installation {
  readonly node: string;
  /** What was built of Cadre: workers, the SDK. */
  readonly dist: string;
  /** Folders in which libraries of Cadre that are no part of it are found. */
  readonly libraries: readonly string[];
  /** What a program that asks for the folder of temporary files is told. */
  readonly temporary: string;
}

export interface SandboxOptions {
  /** In which of the tiers; default `os`. */
  readonly tier?: Tier;
  readonly confinement: Confinement;
  readonly cwd: string;
  /** Added to the small environment that the sandbox itself gives (PATH, HOME, TMPDIR, …). */
  readonly env: Readonly<Record<string, string>>;
  /** Read-only files and folders that the program itself needs: Node, the worker's package. */
  readonly installed: readonly string[];
  /** Socket of an open proxy, to be had inside under `CADRE_PROXY_SOCKET`. */
  readonly proxySocket?: string;
  /** It is measured, and its memory kept within this where the system can; refused where nothing can be measured. */
  readonly limits?: ProcessLimits;
  /** Narrows what the settings let it use. */
  readonly most?: Partial<UseLimits>;
  /** Parts of what is writable that nobody misses: where files are carried, these are not. */
  readonly caches?: readonly string[];
  /** Where that lies which is to be seen at a granted or installed path; absent: at that path. */
  readonly sourceOf?: (path: string) => string;
  /** What git finds in the home inside; absent: what is set on this machine. */
  readonly gitSettings?: string;
}

/** What a program with all that it started may use at most. */
export interface UseLimits {
  readonly memoryBytes: number;
  /** Processes and threads together. */
  readonly processes: number;
  /** Of any one process. */
  readonly openFiles: number;
  /** Written to disks by one call. */
  readonly diskBytes: number;
  /** Of the lines that it writes during one call: messages, log, what it prints. */
  readonly outputBytes: number;
  /** Processor time of one call; absent: as much as its time limit lets it have. */
  readonly cpuMs?: number;
}

/** What a program and all that it started use, as far as it can be seen. */
export interface Load {
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of the process that has the most. */
  readonly openFiles: number;
  /** So far. */
  readonly writtenBytes: number;
}

export interface ConfinedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Settles when the program has ended and its output is read, all that it started is gone too (as far as the mechanism
   * can tell), and what was made for it is removed. Never rejects.
   */
  readonly ended: Promise<ProcessEnd>;
  /** Ends the program and everything that it started, at once. */
  kill(): void;
  /**
   * What the program and all that it started have used so far; undefined where that was not asked for, and
   * when it had to be ended because it ran out of memory.
   */
  measure(): Promise<Usage | undefined>;
  /** The same at any time, also of one without limits, and of one that has ended; undefined where nothing can be seen. */
  use(): Promise<ProcessUse | undefined>;
  readonly most: UseLimits;
  load(): Promise<Load>;
  /** Where it does not work on the files themselves but on copies, which are carried to it and back. */
  readonly files?: CarriedFiles;
  /** What the system has refused it because it has as much of it as it may. Asked without waiting; costs some microseconds. */
  full(): 'memory' | 'processes' | undefined;
}

/** One at a time, and one call of a worker between the two. After a failure the program is of no use any more. */
export interface CarriedFiles {
  /** Gives the program what changed here since it last saw it. */
  bring(): Promise<Failure | undefined>;
  /** Writes here what it changed, or nothing of it. */
  take(): Promise<Failure | undefined>;
}

/** What a program and all that it started use. */
export interface ProcessUse {
  /** Now. */
  readonly memoryBytes: number;
  /** The most of it that was seen. */
  readonly peakBytes: number;
  /** So far. */
  readonly cpuMs: number;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started at all: why. */
  readonly error?: string;
  /** The way to it was lost, and with that it: no fault of its own. */
  readonly isLost?: true;
  /** It used more memory than this and was ended by the system. */
  readonly exceededMemoryBytes?: number;
  /** What it had used in the end; only of one with limits. */
  readonly used?: Usage;
}

/** Each connection is asked for, and made to what stands in the answer. */
export interface ProxyQuestions {
  address(host: string, port: number): Promise<Outcome<string>>;
  /** Path of the socket of the person's ssh agent. */
  agent(): Promise<Outcome<string>>;
  /** The proxy itself refused something that nobody was asked about. */
  refused?(tried: string, rule: string): void;
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
  /** What is so by its nature and is no fault, each a plain sentence: what does it, and what it does not stop. */
  readonly notes?: readonly string[];
  /** What is missing may be there at the next attempt. */
  readonly isPassing?: true;
  /** How the use of processor time and memory is measured; absent: not at all. */
  readonly measures?: MeasuredBy;
}
