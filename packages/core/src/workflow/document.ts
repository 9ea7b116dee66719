import type { JsonObject, JsonSchema, JsonValue } from '@cadre/sdk';

/** A workflow as people write it, in YAML, JSON or TypeScript. `DOCUMENT` in document-shape.ts checks that it is one. */
export interface WorkflowDocument {
  readonly apiVersion: 'cadre/v1';
  readonly kind: 'Workflow';
  readonly metadata: { readonly name: string; readonly description?: string };
  readonly spec: WorkflowSpec;
}

export interface WorkflowSpec {
  readonly inputs?: Readonly<Record<string, JsonSchema>>;
  readonly mode?: 'sequence' | 'graph';
  readonly permissions?: readonly string[];
  readonly budget?: BudgetSpec;
  readonly concurrency?: {
    readonly group: string;
    readonly onConflict: 'queue' | 'skip' | 'cancel-running' | 'reject';
  };
  readonly defaults?: { readonly timeout?: Duration; readonly retry?: RetrySpec };
  readonly steps: readonly StepSpec[];
  readonly onFailure?: readonly StepSpec[];
  readonly finally?: readonly StepSpec[];
  readonly outputs?: JsonObject;
}

/** `10m`, `1h30m`, `500ms` */
type Duration = string;
/** A whole expression: `${{ inputs.push }}` */
type Expression = string;
type Condition = boolean | Expression;

export interface RetrySpec {
  readonly attempts?: number;
  readonly delay?: Duration;
  readonly backoff?: number;
  readonly maxDelay?: Duration;
  readonly jitter?: 'full' | 'none';
  readonly on?: readonly string[];
}

export interface BudgetSpec {
  readonly wall?: Duration;
  readonly cpu?: Duration;
  /** `2GiB` */
  readonly memory?: string;
  /** `200k` */
  readonly tokens?: string | number;
  /** `2 USD` */
  readonly money?: string;
  readonly actions?: number;
}

export interface StepCommonSpec {
  readonly id?: string;
  readonly name?: string;
  readonly aliases?: readonly string[];
  readonly if?: Condition;
  readonly needs?: readonly string[];
  readonly heldBy?: readonly string[];
  readonly timeout?: Duration;
  readonly retry?: RetrySpec;
  readonly onError?: RouteSpec | readonly RoutedSpec[];
  readonly budget?: BudgetSpec;
  readonly class?: string;
  readonly shard?: string | number;
  readonly priority?: number;
  readonly permissions?: readonly string[];
  readonly env?: Readonly<Record<string, string | number | boolean>>;
  readonly cache?: { readonly key: string; readonly ttl: Duration; readonly tags?: readonly string[] };
  readonly compensate?: readonly StepSpec[];
  readonly idempotencyKey?: string;
}

export type RouteSpec =
  | 'abort'
  | 'continue'
  | 'defer'
  | 'escalate'
  | { readonly recover: readonly StepSpec[]; readonly then: 'retry' | 'continue' }
  | {
      readonly escalate: {
        readonly prompt?: string;
        readonly to?: readonly string[];
        readonly timeout?: Duration;
        readonly default?: 'retry' | 'continue' | 'abort';
      };
    };

/** A route for some failures: those with one of these codes, or of this severity and above. */
export interface RoutedSpec {
  readonly on?: readonly string[];
  readonly severity?: 'info' | 'low' | 'medium' | 'high' | 'critical';
  readonly do: RouteSpec;
}

export type StepSpec = StepCommonSpec &
  (
    | { readonly uses: string; readonly with?: JsonObject }
    | { readonly run: string; readonly cwd?: string; readonly shell?: string }
    | { readonly parallel: readonly StepSpec[] }
    | {
        readonly forEach: readonly JsonValue[] | Expression;
        readonly as?: string;
        readonly atMost?: number;
        readonly steps: readonly StepSpec[];
      }
    | {
        readonly repeat: { readonly until: Condition; readonly max: number; readonly every?: Duration };
        readonly steps: readonly StepSpec[];
      }
    | {
        readonly while: { readonly if: Condition; readonly max: number; readonly every?: Duration };
        readonly steps: readonly StepSpec[];
      }
    | { readonly choose: readonly BranchSpec[] }
    | { readonly wait: Duration | WaitSpec }
    | { readonly workflow: string; readonly with?: JsonObject }
    | { readonly check: readonly (Condition | { readonly that: Condition; readonly message?: string })[] }
    | {
        readonly approval: {
          readonly prompt: string;
          readonly form?: JsonSchema;
          readonly timeout?: Duration;
          readonly default?: 'allow' | 'deny';
          readonly delegates?: readonly string[];
        };
      }
    | UnbuiltSpec
  );

export type BranchSpec =
  | { readonly if: Condition; readonly steps: readonly StepSpec[] }
  | { readonly else: true; readonly steps: readonly StepSpec[] };

/** Kinds of step that are checked but cannot be run yet. */
export type UnbuiltSpec =
  | {
      readonly bot: string;
      readonly prompt: string;
      readonly tools?: readonly string[];
      readonly output?: JsonSchema;
    }
  | {
      readonly team: string;
      readonly prompt: string;
      readonly tools?: readonly string[];
      readonly output?: JsonSchema;
    }
  | { readonly plan: string; readonly tools?: readonly string[] };

export interface WaitSpec {
  readonly for?: Duration;
  readonly until?: string;
  readonly event?: string;
  readonly if?: Condition;
  readonly timeout?: Duration;
}
