import type { Budget, CacheWish, KeptVersions, Usage } from '@cadre/core';
import type { Effect, JsonObject, JsonValue, Outcome, StreamHandle } from '@cadre/sdk';

/** The one way into the outside world, as the doers see it. */
export interface Gate {
  /** Before `describe` is asked: a gate may be opened late. Rejects with what is wrong with the settings. */
  ready(): Promise<void>;
  /** Throws CadreError `not_found` with the nearest names. */
  describe(uses: string): ActionTraits;
  /**
   * validate input → policy → budget → cache → sandbox → perform → validate output → audit. Always resolves.
   * In a plan it performs on the scratch tree or previews, as the action's manifest says.
   */
  perform(call: GateCall, signal: AbortSignal, observer: GateObserver): Promise<Performed>;
  /** Keeps processes of a worker ready for calls like the last one, if its pool has some at least. */
  warm(worker: string): Promise<void>;
  /** Gives calls of a run that wait for a worker another priority; undefined leaves that of a step as it is. */
  prioritise(run: string, priorityOf: (step: string) => number | undefined): void;
  /** Removes what was kept for a run: its scratch tree and the answers that held for it. Call it when the run is over. */
  endRun(run: string): Promise<void>;
}

/** What the engine must know of an action before it performs it. */
export interface ActionTraits {
  /** `effects: none`, `read`, or idempotent: a try that was cut off may be made again without asking. */
  readonly repeatable: boolean;
  readonly timeoutMs?: number;
  readonly class: 'cpu' | 'io' | 'llm' | 'deploy';
  /** Inputs whose schema says `format: artifact`: the action is given a file, and a large value is not loaded. */
  readonly handles?: readonly string[];
  /** Of a worker that did not come with Cadre: a run keeps it until it ends. */
  readonly version?: string;
  /** The same of workers whose actions it may call, and those of them, by id. */
  readonly called?: KeptVersions;
}

export interface GateCall {
  readonly uses: string;
  readonly input: JsonObject;
  /** What stands for it in the input was resolved by Cadre itself, so that nobody can name what he was not given. */
  readonly given?: GivenArtifacts;
  readonly mode: 'apply' | 'plan';
  readonly principal: string;
  readonly run: string;
  /** The run at the top of those that started each other, where it is another one: they share a rehearsal. */
  readonly root?: string;
  readonly step: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** What the workflow and the step allow at most; absent: no further narrowing. Each set narrows. */
  readonly permissionSets: readonly (readonly string[])[];
  readonly env: Readonly<Record<string, string>>;
  /** Part of no run: there is no run to undo, so nothing is kept for that. */
  readonly loose?: true;
  /** Name of the workflow whose step it is. */
  readonly workflow?: string;
  /** What the author of the step says of keeping its result; absent: what the action's manifest says. */
  readonly cache?: CacheWish;
  /** Calls with the same one are best put to the same process of the worker. */
  readonly shard?: string;
  /** Where it stands among the calls that wait for a worker. */
  readonly priority?: number;
  /** Versions of workers that the run keeps, by id: those that are called are of these where they fit. */
  readonly workers?: KeptVersions;
  /** Neither answered with a kept result, nor kept. */
  readonly noCache?: boolean;
  /** Processor time and memory that its processes may use at most: where there is any, they are measured. */
  readonly limits?: ProcessLimits;
}

/** Each is read when it is wanted, in pieces; what goes wrong on the way is thrown. */
export interface GivenArtifacts {
  /** What files are made of, by the name of the input. */
  readonly files: ReadonlyMap<string, OpenBytes>;
  /** What streams hold, by the `$stream` of their handles. */
  readonly streams: ReadonlyMap<string, OpenBytes>;
}

export type OpenBytes = () => AsyncIterable<Uint8Array>;

export type ProcessLimits = Pick<Budget, 'cpuMs' | 'memoryBytes'>;

export interface GateObserver {
  log(line: { level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields?: JsonObject }): void;
  progress(progress: { label?: string; done: number; total?: number; unit?: string }): void;
  /** A part of the result, before the whole is there. Resolves when it is kept: until then the worker is held back. */
  extend?(piece: JsonValue): Promise<void>;
  /** Tokens and money that came on top. */
  spend(usage: Usage): void;
  /** What its processes have used so far, all in all; only of calls with `limits`. */
  measure(usage: Usage): void;
}

export interface Performed {
  readonly outcome: Outcome<JsonValue>;
  readonly effects: readonly Effect[];
  /** Nothing was performed: the outcome is the kept result of this run. */
  readonly cachedFrom?: string;
  /** Streams that it has written and that are to be kept if their handles stand in the output: each in a file of the host until the run is over. */
  readonly written?: readonly WrittenStream[];
}

export interface WrittenStream {
  readonly handle: StreamHandle;
  readonly path: string;
}
