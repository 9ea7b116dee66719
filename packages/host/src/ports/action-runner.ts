import type { Usage } from '@cadre/core';
import type {
  CalledAction,
  Effect,
  FetchPart,
  JsonObject,
  JsonValue,
  LogLevel,
  Manifest,
  Outcome,
  Progress,
  Spent,
  StreamHandle,
  StreamOptions,
  StreamRequest,
  WorkerRequest,
} from '@cadre/sdk';
import type { PoolFigures } from './figures.ts';
import type { ProcessLimits } from './gate.ts';
import type { Tier } from './sandbox.ts';

/** Performs actions in worker processes. Only the gate calls it. */
export interface ActionRunner {
  /** The manifests of all workers that are installed. */
  list(): readonly InstalledWorker[];
  /** `git/commit` or `git/commit@^1`. Throws CadreError `not_found` with the nearest names. */
  resolve(uses: string): { readonly worker: InstalledWorker; readonly action: Manifest['actions'][number] };
  /**
   * Performs one call under exactly the given confinement. Always resolves; a failure is an outcome. Aborting the
   * signal ends the call's whole process tree within 5 s and resolves with failure `cancelled`.
   */
  perform(call: ActionCall, signal: AbortSignal, observer: CallObserver): Promise<Outcome<JsonValue>>;
  /** Keeps as many processes of the worker as its pool's `min` says, for calls in these surroundings; undefined: for none. */
  warm(worker: InstalledWorker, around: Surroundings | undefined): void;
  /** Gives calls of a run that wait for a process another priority; undefined leaves that of a step as it is. */
  prioritise(run: string, priorityOf: (step: string) => number | undefined): void;
  figures(): readonly PoolFigures[];
  /** Ends all workers. */
  close(): Promise<void>;
}

export interface InstalledWorker {
  readonly manifest: Manifest;
  /** SHA-256 of what is agreed to: the manifest's canonical JSON and, of sources in a workspace, their code. */
  readonly hash: string;
  /** Absolute folder of the package. */
  readonly folder: string;
  readonly builtIn: boolean;
  /** Its sources lie in a workspace, wherever they are run from. */
  readonly isSource?: true;
  /** Key of whoever signed its package and was trusted when it was installed. */
  readonly signedBy?: string;
  /** What its entry point is started with. */
  readonly arguments?: readonly string[];
  /** So long a request that Cadre makes for it may take (milliseconds); absent: as for every worker. */
  readonly requestMs?: number;
}

/** What a worker's process is started for, and with: a call is never put to one that was started for something else. */
export interface Surroundings {
  /** What the operating system shall let the process see and do. */
  readonly confinement: Confinement;
  /** How strongly it is confined; absent: as strongly as the system itself can. */
  readonly tier?: Tier;
  readonly workspace: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Settings of the worker, which what it does when it starts may rest on. */
  readonly config: JsonObject;
  /** A call gets processes of its own, which are measured, and killed when they use more. */
  readonly limits?: ProcessLimits;
}

export interface ActionCall extends Surroundings {
  readonly worker: string;
  readonly version: string;
  readonly action: string;
  readonly input: JsonObject;
  /** Outputs that are files in there, by their name, and what is in them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly mode: 'apply' | 'preview';
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** It is put to the process that had it before, while that is there and has room. */
  readonly shard?: string;
  /** Where it stands among the calls that wait for a process: above 0 high, below low. */
  readonly priority?: number;
  /** Another call waits for it, with its process: it must not have to wait for that one. */
  readonly isAwaited?: true;
}

/** Paths are absolute and real (links resolved). Of two that hold one another the deeper one decides what is inside it. */
export interface Confinement {
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Denied parts of what is readable or writable: they appear empty. */
  readonly hidden: readonly string[];
  /** Programs that may be run; empty: none at all. */
  readonly programs: readonly string[];
  /**
   * Hosts with ports that may be reached at most; empty: no network. Programs get there through a proxy alone, which
   * puts each connection to the observer as a request.
   */
  readonly hosts: readonly string[];
}

/** Hears what a call says while it runs and answers what it asks for. */
export interface CallObserver {
  log(level: LogLevel, message: string, fields?: JsonObject): void;
  progress(progress: Progress): void;
  effect(effect: Effect): void;
  /** A part of the result, before the whole is there. Resolves when it is kept. */
  extend?(piece: JsonValue): Promise<void>;
  /** Where streams of bytes are kept; absent: nowhere. */
  readonly streams?: CallStreamPlace;
  spend(spent: Spent): void;
  /** What the processes of a call with `limits` have used so far. */
  measure(usage: Usage): void;
  /** Something that it must not do was noticed and stopped, or it comes close to a limit. */
  noticed?(noticed: Noticed): void;
  /** The gate's answer to a request made during the call: the value to hand back, or a refusal. */
  request(body: CallRequest, tell?: (part: FetchPart) => void): Promise<Outcome<JsonValue>>;
  /** Has another action performed, and answers what came of it; absent: there is none that could be called. */
  call?(body: CalledAction): Promise<Outcome<JsonValue>>;
}

/**
 * What was noticed of a worker besides what it asks for.
 * `refused`: its own Node refused it, and it says so · `protocol`: what it sent is no message that fits ·
 * `output`: it writes more, or longer lines, than is read · `network`: the proxy refused it · `limit`: see `rule`
 */
export interface Noticed {
  readonly kind: 'refused' | 'protocol' | 'output' | 'network' | 'limit';
  /** What was tried, in words that come from a program which is not trusted. */
  readonly tried: string;
  /** What stopped it. */
  readonly rule: string;
  /** What it would have taken. */
  readonly permission?: string;
  /** Nothing was stopped yet. */
  readonly isWarning?: true;
  readonly details?: JsonObject;
}

/**
 * What is asked for during a call: by the worker itself, or for its programs by the proxy: `connect` (answer: the address
 * to use) and `agent` (answer: the socket of the person's ssh agent).
 */
export type CallRequest = Exclude<WorkerRequest, StreamRequest | CalledAction> | { readonly kind: 'agent' };

/** Streams of bytes that one call writes, and those that it was given to read. */
export interface CallStreamPlace {
  write(options: StreamOptions): Promise<Outcome<StreamSink>>;
  /** In pieces of at most 64 KiB. What goes wrong on the way is thrown. */
  read(handle: StreamHandle): Promise<Outcome<AsyncIterable<Uint8Array>>>;
}

export interface StreamSink {
  /** One after the other. */
  write(bytes: Uint8Array): Promise<void>;
  close(dropped: number): Promise<StreamHandle>;
  /** Throws away what was written. */
  discard(): Promise<void>;
}
