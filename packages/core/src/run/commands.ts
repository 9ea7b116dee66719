import type { JsonObject } from '@cadre/sdk';
import type { Budget } from '../workflow/workflow.ts';

/** What the author of a step says of keeping its result. */
export interface CacheWish {
  /** Equal keys of one scope give the kept result. */
  readonly key: string;
  /** What the key is unique in: the workflow, the step and how its input is written. */
  readonly scope: string;
  readonly ttlMs: number;
  readonly tags: readonly string[];
}

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
      /** Its author named none: what the manifest of the action says goes before it. */
      readonly timeoutIsDefault?: true;
      readonly idempotencyKey: string;
      /** What kind of work it is, where the author says so: each class has a limit of its own. */
      readonly class?: string;
      /** Attempts of a class with the same one are best performed in the same place, which has at hand what they need. */
      readonly shard?: string;
      /** Higher goes first among attempts of a class; absent: 0. */
      readonly priority?: number;
      /** What the step and those around it allow at most; each narrows. */
      readonly permissionSets?: readonly (readonly string[])[];
      readonly env?: Readonly<Record<string, string>>;
      readonly cache?: CacheWish;
      /** What is left for it of all the budgets that it stands in; its own time among it. */
      readonly limits?: Budget;
    }
  /** Start the run of its own that a step is, with the id that its `step.started` names; once it is there, nothing more. */
  | {
      readonly type: 'start-run';
      readonly step: string;
      readonly attempt: number;
      readonly child: string;
      /** Name of the workflow. */
      readonly workflow: string;
      readonly inputs: JsonObject;
      /** Absent: the workflow's own limits are enough. */
      readonly timeoutMs?: number;
      /** What the step and those around it allow at most; each narrows. */
      readonly permissionSets?: readonly (readonly string[])[];
      readonly priority?: number;
      /** What is reserved for it. */
      readonly budget?: Budget;
    }
  /** Stop an attempt that is under way; of a step that is a run of its own, that run. */
  | {
      readonly type: 'cancel-step';
      readonly step: string;
      readonly reason: string;
      readonly child?: string;
    }
  /** Decide again at this time (ms since 1970): a retry, a deadline or the run's time limit is due. */
  | { readonly type: 'wake'; readonly at: number };
