import type { JsonObject } from '@cadre/sdk';

/** What should happen next. Core says it; the engine does it and appends what came of it. */
export type Command =
  /** Perform attempt `attempt` of a step. Its `step.started` stands in the same decision. */
  | {
      readonly type: 'perform-step';
      readonly step: string;
      readonly attempt: number;
      readonly uses: string;
      /** Expressions evaluated; a secret is the object `{ "$secret": "NAME" }` until the call is made. */
      readonly input: JsonObject;
      readonly timeoutMs: number;
      readonly idempotencyKey: string;
      /** What kind of work it is, where the author says so: each class has a limit of its own. */
      readonly class?: string;
      /** Higher goes first among attempts of a class; absent: 0. */
      readonly priority?: number;
      readonly permissions?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    }
  /** Stop an attempt that is under way. */
  | { readonly type: 'cancel-step'; readonly step: string; readonly reason: string }
  /** Decide again at this time (ms since 1970): a retry, a deadline or the run's time limit is due. */
  | { readonly type: 'wake'; readonly at: number };
