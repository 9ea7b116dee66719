import type { Effect } from './effect.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { SshPlace } from './ssh-place.ts';
import type { StreamHandle, StreamOptions } from './stream-handle.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Progress {
  readonly label?: string;
  readonly done: number;
  readonly total?: number;
  readonly unit?: string;
}

export interface Spent {
  readonly tokens?: number;
  readonly money?: string;
}

export interface ExecOptions {
  /** Folder to run in; default the workspace. */
  readonly cwd?: string;
  /** Added to the worker's own small environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly stdin?: string | Uint8Array;
  /** Milliseconds until the program and its children are killed; then `timedOut` is true. */
  readonly timeoutMs?: number;
  /** Each stream keeps at most so many bytes (default 16 MiB); the rest is dropped and `truncated` set. */
  readonly maxOutputBytes?: number;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface Completed {
  /** Exit code; 128+n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Stands for the value of a secret, which the host puts in when it makes the request: the worker never has it. */
export interface SecretReference {
  readonly $secret: string;
}

/** Pieces are joined: `['Bearer ', context.secretReference('TOKEN')]`. */
export type FetchText = string | SecretReference | readonly (string | SecretReference)[];

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, FetchText>>;
  /** Added to the address. */
  readonly query?: Readonly<Record<string, FetchText>>;
  readonly body?: FetchText;
  /** Instead of a body: it is sent as JSON, in which references may stand anywhere as values. */
  readonly json?: JsonValue;
  /** User and password of basic authentication. */
  readonly basic?: { readonly user: FetchText; readonly password: FetchText };
  readonly timeoutMs?: number;
  /**
   * Hears an answer that is a stream of events (`text/event-stream`) as it comes, its head first; the body that `fetch` answers is
   * then empty. Any other answer comes as a whole.
   */
  readonly onPart?: (part: FetchPart) => void;
}

export type FetchPart = Pick<Fetched, 'status' | 'headers'> | { readonly text: string };

export interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface CallOptions {
  /** Milliseconds until it is stopped, and fails as `timed_out`; default what its manifest says, else the time of the caller. */
  readonly timeoutMs?: number;
}

export interface StreamWriter {
  /** Resolves when more may be written; of a lossy stream at once. */
  write(bytes: Uint8Array): Promise<void>;
  /** A stream that is not closed when the action ends is thrown away. */
  close(): Promise<StreamHandle>;
}

/** What an action is handed besides its input. Everything that it may do in the world comes through here. */
export interface ActionContext {
  /** Absolute root of the tree to work on: the workspace, or in a plan a scratch copy of it. */
  readonly workspace: string;
  /** The worker's own folder for this workspace, outside the tree; kept between runs. */
  readonly dataDir: string;
  /** `preview`: change nothing, report effects (only for actions with `preview: report`). */
  readonly mode: 'apply' | 'preview';
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** The same for every attempt of the same step. */
  readonly idempotencyKey: string;
  /** Settings of the worker in this workspace. */
  readonly config: JsonObject;
  /** Aborted when the run is cancelled or the time limit is reached. */
  readonly signal: AbortSignal;

  log(level: LogLevel, message: string, fields?: Readonly<Record<string, JsonValue>>): void;
  progress(update: Progress): void;
  /**
   * Tells what came on top since it was told last: tokens of a language model, and money as an exact decimal with its
   * currency, `0.0125 USD`. Tell it as soon as it is known: when a budget is used up the signal is aborted.
   */
  spend(spent: Spent): void;
  /** Tells what was done, or in a plan what would be done. */
  effect(effect: Effect): void;
  /**
   * A part of the result, before the whole is there: a text, or any other JSON of up to 64 KiB. Whoever follows the step sees
   * it at once. Resolves when more may be handed over: whoever keeps it may be slower than whoever makes it.
   */
  extend(piece: JsonValue): Promise<void>;
  /**
   * Begins a stream of bytes, for what is too large or no JSON. What `close` answers may stand anywhere in the output, which
   * keeps the bytes like any other result.
   */
  writeStream(options: StreamOptions): Promise<StreamWriter>;
  /**
   * The bytes of a stream whose handle stands in the input. Throws ActionError `denied` for any other one, and `not_found` when
   * it is gone: by its age, or because whoever wrote it did not want it kept.
   */
  readStream(handle: StreamHandle): AsyncIterable<Uint8Array>;
  /**
   * Runs a granted program without a shell. Answers also for exit codes other than 0.
   * Throws ActionError `program_missing` or `denied`; its whole process tree ends when the action does.
   */
  exec(program: string, args: readonly string[], options?: ExecOptions): Promise<Completed>;
  /**
   * Asks whether a program may be run, for an action that starts it itself and keeps it longer than one call. Answers its
   * absolute path. Throws ActionError `program_missing` or `denied`.
   */
  permit(program: string, args: readonly string[]): Promise<string>;
  /** Absolute path of a program in the workspace's own tool folders or on PATH; undefined when there is none. */
  find(program: string): Promise<string | undefined>;
  /** An HTTP request made by Cadre on the worker's behalf, to granted hosts only. Throws ActionError `denied`. */
  fetch(url: string, options?: FetchOptions): Promise<Fetched>;
  /**
   * Has another action performed, of another worker or of this one, and answers its output. `calls` of the manifest names it, `dependencies`
   * its version. It may do no more than this one may, counts against the same budget, and ends with this call. Throws ActionError
   * with its failure, or with `denied` where it may not be called. In a plan it is planned too.
   */
  call<Output extends JsonValue | object = JsonValue>(
    action: string,
    input: object,
    options?: CallOptions,
  ): Promise<Output>;
  /** The value of a granted secret. Throws ActionError `denied` or `not_found`. */
  secret(name: string): Promise<string>;
  /**
   * What stands for a secret in `fetch`. The permission `secret:NAME@HOST:PORT` is enough for it: the host puts the value in for that
   * host alone, by https, and takes it out of what comes back.
   */
  secretReference(name: string): SecretReference;
  /**
   * Asks whether a program may connect there, before one does: what the program itself would say of a refusal is little.
   * Throws ActionError `denied`, or `provider_failed` when the host has no address.
   */
  reach(host: string, port: number): Promise<void>;
  /**
   * A configuration file with which `ssh -F` gets to this place as it was granted: through the proxy, with the keys of
   * the person's agent, and only when the key of the host is known. Good until the action ends.
   * Throws ActionError `denied`, `not_configured`, `host_unknown`, `program_missing`, `invalid_input`.
   */
  ssh(place: SshPlace): Promise<string>;
  /**
   * A new empty folder outside the workspace, removed when the action ends. An output with `format: artifact` may be the path of
   * a file in it: it is kept before.
   */
  tempDir(): Promise<string>;
}
