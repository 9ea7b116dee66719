import type { FetchOptions, FetchPart, LogLevel, Progress, Spent } from './context.ts';
import type { HookName } from './define-worker.ts';
import type { Effect } from './effect.ts';
import type { Failure } from './failure.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { SshPlace } from './ssh-place.ts';
import type { StreamHandle } from './stream-handle.ts';

/**
 * What host and worker say to each other: one JSON document a line, host to worker on standard input, worker to
 * host on standard output. A worker's own printing goes to standard error, which the host keeps as log lines.
 */
export const PROTOCOL_VERSION = 3;

/** The oldest that a host still speaks. A worker says the oldest one that has all that it cannot do without. */
export const OLDEST_PROTOCOL = 1;

/** What came with which version. That actions may call others stands in the manifest, which an older host refuses by itself. */
export const PROTOCOL_OF = { hooks: 2, calls: 3 } as const;

/**
 * What the proxy is asked to connect to when a program wants the person's ssh agent. It is no host: those have other
 * ports.
 */
export const AGENT_TARGET = 'ssh-agent:0';

/** A line longer than this (bytes) ends the worker. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface CallContext {
  readonly workspace: string;
  readonly dataDir: string;
  readonly mode: 'apply' | 'preview';
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly config: JsonObject;
}

/** What a hook is told of the place that the process was started for. */
export interface HookContext {
  readonly dataDir: string;
  readonly config: JsonObject;
}

export type HostMessage =
  | { readonly type: 'hello'; readonly protocol: number }
  | {
      readonly type: 'call';
      readonly call: string;
      readonly action: string;
      readonly input: JsonObject;
      readonly context: CallContext;
      /** Outputs that are files, by their name, and what is in them: the worker sends them as streams. */
      readonly files?: Readonly<Record<string, string>>;
    }
  /** Asked of a worker that named this hook in its greeting, and answered by `hooked`. */
  | { readonly type: 'hook'; readonly hook: HookName; readonly context: HookContext }
  | { readonly type: 'cancel'; readonly call: string; readonly reason: string }
  | { readonly type: 'answer'; readonly request: string; readonly value: JsonValue }
  /** Of what is answered in the end, where the worker asked to hear it as it comes. */
  | { readonly type: 'part'; readonly request: string; readonly part: FetchPart }
  | { readonly type: 'refusal'; readonly request: string; readonly failure: Failure }
  | StreamMessage
  | { readonly type: 'stop' };

/** What the host says of partial results (no `stream`) and of streams. After the line of a `chunk` come its bytes. */
export type StreamMessage =
  /** So many bytes more may be sent: they have been taken. */
  | { readonly type: 'credit'; readonly call: string; readonly stream?: string; readonly bytes: number }
  | { readonly type: 'chunk'; readonly call: string; readonly stream: string; readonly bytes: number }
  /** All has been sent, or it cannot be read. */
  | { readonly type: 'end'; readonly call: string; readonly stream: string; readonly failure?: Failure };

/** What a worker asks of the host while it performs a call. Each passes the gate again. */
export type WorkerRequest =
  | {
      readonly kind: 'exec';
      readonly program: string;
      readonly path: string;
      readonly arguments: readonly string[];
      readonly cwd: string;
    }
  | {
      readonly kind: 'fetch';
      readonly url: string;
      readonly options: Omit<FetchOptions, 'onPart'>;
      /** It wants to hear a stream of events as it comes. */
      readonly parts?: boolean;
    }
  | { readonly kind: 'secret'; readonly name: string }
  /** May a program connect there? The proxy asks the same when it does. */
  | { readonly kind: 'connect'; readonly host: string; readonly port: number }
  | { readonly kind: 'ssh'; readonly place: SshPlace }
  | CalledAction
  | StreamRequest;

/** Another action is to be performed, with no more than the one that asks for it may itself. The answer is its output. */
export interface CalledAction {
  readonly kind: 'call';
  /** `worker/action`: which version is meant stands in the manifest. */
  readonly uses: string;
  readonly input: JsonObject;
  /** Milliseconds until it is stopped. */
  readonly timeoutMs?: number;
}

/** The worker names its streams itself, each name once in a call. */
export type StreamRequest =
  | {
      readonly kind: 'write-stream';
      readonly stream: string;
      readonly contentType: string;
      readonly lossy: boolean;
      /** False: nobody wants it when the run is over. */
      readonly keep: boolean;
    }
  /** All was sent; the answer is its handle. */
  | { readonly kind: 'close-stream'; readonly stream: string; readonly dropped: number }
  | { readonly kind: 'read-stream'; readonly stream: string; readonly handle: StreamHandle };

export type WorkerMessage =
  | {
      readonly type: 'ready';
      readonly protocol: number;
      readonly worker: string;
      readonly actions: readonly string[];
      readonly hooks?: readonly HookName[];
    }
  | { readonly type: 'hooked'; readonly hook: HookName; readonly failure?: Failure }
  | {
      readonly type: 'hook-log';
      readonly hook: HookName;
      readonly level: LogLevel;
      readonly message: string;
      readonly fields?: Readonly<Record<string, JsonValue>>;
    }
  | {
      readonly type: 'log';
      readonly call: string;
      readonly level: LogLevel;
      readonly message: string;
      readonly fields?: Readonly<Record<string, JsonValue>>;
    }
  | { readonly type: 'progress'; readonly call: string; readonly progress: Progress }
  | { readonly type: 'spent'; readonly call: string; readonly spent: Spent }
  | { readonly type: 'effect'; readonly call: string; readonly effect: Effect }
  /** Its own Node has refused it something, whoever in it tried. */
  | {
      readonly type: 'refused';
      readonly call: string;
      readonly permission: string;
      readonly resource: string;
    }
  /** A part of the result. Before the host has given credit for it no more than CREDIT bytes may be under way. */
  | { readonly type: 'extended'; readonly call: string; readonly piece: JsonValue }
  /** After the line come so many bytes, at most CHUNK. */
  | { readonly type: 'chunk'; readonly call: string; readonly stream: string; readonly bytes: number }
  | { readonly type: 'credit'; readonly call: string; readonly stream: string; readonly bytes: number }
  /** The rest of what is read is not wanted. */
  | { readonly type: 'unread'; readonly call: string; readonly stream: string }
  | {
      readonly type: 'request';
      readonly call: string;
      readonly request: string;
      readonly body: WorkerRequest;
    }
  | { readonly type: 'succeeded'; readonly call: string; readonly output: JsonValue }
  | { readonly type: 'failed'; readonly call: string; readonly failure: Failure };
