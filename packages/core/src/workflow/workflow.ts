import type { JsonObject, JsonSchema, JsonValue } from '@cadre/sdk';
import type { Money } from '../budget/money.ts';

/**
 * A workflow as it is stored and run: what text, TypeScript and drawing all compile to. Plain JSON; its hash pins a run.
 * Strings may hold `${{ … }}`; durations are milliseconds, sizes bytes.
 */
export interface Workflow {
  readonly name: string;
  readonly description?: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly mode: 'sequence' | 'graph';
  /** The most any step may ever be granted; absent: what its workers declare. */
  readonly permissions?: readonly string[];
  readonly budget?: Budget;
  readonly concurrency?: Concurrency;
  readonly defaults: { readonly timeoutMs: number; readonly retry: Retry };
  readonly steps: readonly Step[];
  readonly onFailure: readonly Step[];
  readonly finally: readonly Step[];
  readonly outputs: JsonObject;
}

/** A JSON Schema property, with `default`; without a default the input must be given. */
export type InputSpec = JsonSchema;

/** The most that something may use, with everything inside it. Each is there or not. */
export interface Budget {
  readonly wallMs?: number;
  /** Processor time of all its processes. */
  readonly cpuMs?: number;
  /** The most that the processes of one attempt may have at a time. */
  readonly memoryBytes?: number;
  readonly tokens?: number;
  readonly money?: Money;
  /** Attempts at actions. */
  readonly actions?: number;
}

export interface Concurrency {
  readonly group: string;
  readonly onConflict: 'queue' | 'skip' | 'cancel-running' | 'reject';
}

export interface Retry {
  /** All tries together; 1 is no retry. */
  readonly attempts: number;
  readonly delayMs: number;
  readonly backoff: number;
  readonly maxDelayMs: number;
  readonly jitter: 'full' | 'none';
  /** Failure codes that are retried besides those whose failure says `retryable`; also `timed_out`, `interrupted`. */
  readonly on?: readonly string[];
}

/** What happens when a step has failed for good, after its retries. */
export type OnError = ErrorRoute | { readonly kind: 'routes'; readonly routes: readonly RoutedError[] };

export type ErrorRoute =
  | { readonly kind: 'abort' }
  | { readonly kind: 'continue' }
  /** The rest goes on as with `continue`, and then the list that it stands in fails with it. */
  | { readonly kind: 'defer' }
  | ({ readonly kind: 'escalate' } & Escalation)
  | { readonly kind: 'recover'; readonly steps: readonly Step[]; readonly then: 'retry' | 'continue' };

/** A person decides how it goes on. */
export interface Escalation {
  readonly prompt?: string;
  /** Who may decide; absent: whoever may answer approvals. */
  readonly to?: readonly string[];
  readonly deadlineMs?: number;
  /** What is done when nobody answers in time. */
  readonly default?: 'retry' | 'continue' | 'abort';
}

/** The first route that fits a failure is taken; where none does the run is aborted. */
export interface RoutedError {
  /** Failure codes, with `*` for any part; absent: every failure. */
  readonly on?: readonly string[];
  /** Only failures of this severity and above, as their details say. */
  readonly severity?: Severity;
  readonly route: ErrorRoute;
}

export type Severity = (typeof SEVERITIES)[number];

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;

/** What every kind of step has. Where a key is absent the workflow's default holds. */
export interface StepCommon {
  /** Unique in the workflow; given by Cadre (`step-3`) when the author left it out. */
  readonly id: string;
  readonly name?: string;
  /** Other names by which the step can be selected on the command line. */
  readonly aliases?: readonly string[];
  readonly if?: string;
  readonly needs: readonly string[];
  /** Checks: while one of them has failed, this is skipped with reason `held`, and in the end the run fails. */
  readonly heldBy?: readonly string[];
  readonly timeoutMs?: number;
  readonly retry?: Retry;
  readonly onError: OnError;
  readonly permissions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly class?: string;
  /** Template: attempts with the same one are performed in the same place, where that can be. */
  readonly shard?: string;
  readonly priority?: number;
  readonly budget?: Budget;
  readonly cache?: { readonly key: string; readonly ttlMs: number; readonly tags?: readonly string[] };
  readonly compensate?: readonly Step[];
  /** Where it stands in the text it came from. */
  readonly position?: Position;
}

export interface Position {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

export type Step = StepCommon & StepKind;

export type StepKind =
  | { readonly kind: 'action'; readonly uses: string; readonly with: JsonObject }
  | { readonly kind: 'parallel'; readonly branches: readonly Step[] }
  | {
      readonly kind: 'forEach';
      /** An expression or a literal list. */
      readonly items: JsonValue;
      readonly as: string;
      readonly atMost?: number;
      readonly steps: readonly Step[];
    }
  | { readonly kind: 'choose'; readonly branches: readonly ChooseBranch[] }
  | {
      readonly kind: 'repeat';
      /** It ends when this holds after a going-through. One of `until` and `while` is there. */
      readonly until?: string;
      /** It goes on as long as this holds before a going-through. */
      readonly while?: string;
      readonly max: number;
      /** From the beginning of one going-through to that of the next. */
      readonly everyMs?: number;
      readonly steps: readonly Step[];
    }
  | {
      readonly kind: 'wait';
      /** One of `forMs`, `until` and `event` is there. `until` gives an ISO 8601 time or milliseconds since 1970. */
      readonly forMs?: number;
      readonly until?: JsonValue;
      /** A topic; `*` stands for one part of it, `**` at its end for all the rest. */
      readonly event?: string;
      /** Only an event for which this holds; it sees it as `event`. */
      readonly when?: string;
      readonly deadlineMs?: number;
    }
  /** A run of its own, which this step waits for. */
  | { readonly kind: 'workflow'; readonly workflow: string; readonly with: JsonObject }
  | { readonly kind: 'check'; readonly conditions: readonly CheckCondition[] }
  | {
      readonly kind: 'approval';
      readonly prompt: string;
      readonly form?: JsonSchema;
      readonly deadlineMs?: number;
      readonly default: 'allow' | 'deny';
      /** Who may answer; absent: whoever may answer approvals. */
      readonly delegates?: readonly string[];
    }
  /** Parsed and checked, and refused by the engine with `not_built_yet`. `written` is the step's own keys as given. */
  | { readonly kind: 'unbuilt'; readonly key: string; readonly written: JsonObject };

export interface ChooseBranch {
  /** Absent: the `else` branch. */
  readonly if?: string;
  readonly steps: readonly Step[];
}

export interface CheckCondition {
  readonly that: string;
  readonly message?: string;
}

/** Something wrong with what a person wrote. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** Path within the document: `spec.steps[2].uses`. */
  readonly path: string;
  readonly position?: Position;
  /** What was probably meant, or what to do. */
  readonly suggestion?: string;
}

export type Parsed =
  | { readonly ok: true; readonly workflow: Workflow; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };
