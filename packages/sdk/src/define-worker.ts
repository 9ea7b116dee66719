import type { ActionContext } from './context.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Code of one action. The input fits the manifest's schema; the output is checked against it. */
export type ActionHandler = (input: never, context: ActionContext) => Promise<JsonValue | object>;

export interface Worker {
  readonly id: string;
  readonly actions: Readonly<Record<string, ActionHandler>>;
}

/** Names a worker and its actions. What they need and promise stands in `worker.yaml` beside it. */
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
