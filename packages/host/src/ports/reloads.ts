import type { Failure } from '@cadre/sdk';

/** A change of a worker while processes were at work. */
export type Reload =
  | { readonly kind: 'reloaded'; readonly worker: string; readonly version: string; readonly before?: string }
  | { readonly kind: 'unloaded'; readonly worker: string; readonly version: string }
  | {
      readonly kind: 'failed';
      /** Its id, or the name of the lock. */
      readonly worker: string;
      readonly failure: Failure;
      /** What goes on being used. */
      readonly version?: string;
    };

/** What could not be reloaded, and is still as it was. */
export interface FailedReload {
  readonly worker: string;
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly version?: string;
}

/** A change of a skill while processes were at work. */
export type SkillReload =
  | {
      readonly kind: 'reloaded';
      readonly skill: string;
      readonly version: string;
      readonly hash: string;
      /** Of what was used until then. */
      readonly before?: string;
    }
  | { readonly kind: 'unloaded'; readonly skill: string; readonly version: string }
  | {
      readonly kind: 'failed';
      /** Its name, or that of the lock. */
      readonly skill: string;
      readonly failure: Failure;
      /** What goes on being used. */
      readonly version?: string;
    };
