import type { ActionContext, LogLevel } from './context.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Code of one action. The input fits the manifest's schema; the output is checked against it. */
export type ActionHandler = (input: never, context: ActionContext) => Promise<JsonValue | object>;

/** What the hooks of a worker are handed: one object for the life of the process. */
export interface WorkerContext {
  /** Settings of the worker in this workspace. */
  readonly config: JsonObject;
  /** The worker's own folder for this workspace; kept between runs. */
  readonly dataDir: string;
  /** Aborted when the hook that is under way has used up its time. */
  readonly signal: AbortSignal;
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, JsonValue>>): void;
}

export type Hook = (context: WorkerContext) => Promise<void> | void;

/** In the order in which they are called. */
export const HOOKS = ['init', 'start', 'stop', 'dispose'] as const;

export type HookName = (typeof HOOKS)[number];

/**
 * Called once each in the life of a process: `init` and `start` before its first call, `stop` and `dispose` after the last one.
 * `dispose` is called whatever went wrong before, unless the process is killed. A process with hooks may be started at any time, and
 * there may be several at once.
 */
export interface Worker extends Partial<Readonly<Record<HookName, Hook>>> {
  readonly id: string;
  readonly actions: Readonly<Record<string, ActionHandler>>;
}

/** Names a worker, its actions and its hooks. What they need and promise stands in `worker.yaml` beside it. */
export function defineWorker(worker: Worker): Worker {
  return worker;
}

/** Gives an action its input type; the value is the handler itself. */
export function defineAction<
  Input extends object = JsonObject,
  Output extends JsonValue | object = JsonValue,
>(
  handler: (input: Input, context: ActionContext) => Promise<Output>,
): (input: Input, context: ActionContext) => Promise<Output> {
  return handler;
}
