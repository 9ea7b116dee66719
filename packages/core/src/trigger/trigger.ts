import type { JsonObject } from '@cadre/sdk';
import type { Retry } from '../workflow/workflow.ts';

/** What starts runs of a workflow, as it is used: durations are milliseconds, what was not said has its default. */
export interface Trigger {
  readonly name: string;
  readonly description?: string;
  readonly on: TriggerOn;
  /** Only happenings for which this holds; it sees them as `event`. */
  readonly if?: string;
  /** Name of the workflow. */
  readonly run: string;
  /** Its inputs; they see what happened as `event`. */
  readonly with: JsonObject;
  readonly timeZone?: string;
  /** What is done while a run of the same trigger goes on. */
  readonly overlap: Overlap;
  /** What is done with times that were due while nobody looked. */
  readonly missed: 'newest' | 'skip' | 'all';
  readonly missedWindowMs: number;
  readonly jitterMs: number;
  /** 1 low, 2 normal, 3 high. */
  readonly priority: 1 | 2 | 3;
  /** Of runs that failed. */
  readonly retry: Retry;
  readonly enabled: boolean;
  /** The most that any step of its runs may ever be granted. */
  readonly permissions?: readonly string[];
}

export type Overlap = 'skip' | 'queue' | 'cancel-running' | 'allow';

export type TriggerOn =
  | { readonly kind: 'schedule'; readonly rule: string; readonly ifPast: 'refuse' | 'run' }
  | {
      readonly kind: 'watch';
      /** Globs within the workspace. */
      readonly paths: readonly string[];
      readonly ignore: readonly string[];
      readonly debounceMs: number;
      /** What is there when watching begins counts as a change. */
      readonly initial: boolean;
    }
  | {
      readonly kind: 'webhook';
      readonly signature: Signature;
      /** Name of the secret. */
      readonly secret: string;
      /** Of `header`: where the signature stands. */
      readonly header?: string;
      /** Where the id of the delivery stands; absent: where such senders put it. */
      readonly delivery?: string;
    }
  | { readonly kind: 'event'; readonly topic: string }
  | { readonly kind: 'manual' };

export const SIGNATURES = ['github', 'gitea', 'gitlab', 'standard', 'header'] as const;

/** Who signs: forges in their ways, `standard` as standardwebhooks.com, `header` hexadecimal in a header that is named. */
export type Signature = (typeof SIGNATURES)[number];
