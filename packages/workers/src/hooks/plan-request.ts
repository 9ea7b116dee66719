import type { ActionContext } from '@cadre/sdk';
import type { Hook } from './hook.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/** What a plan of hooks is made for. */
export interface PlanRequest {
  readonly context: ActionContext;
  readonly snapshot: Snapshot;
  readonly stage: string;
  /** Files to look at, before any filter. */
  readonly paths: readonly string[];
  /** Ids, aliases and tags that are not to run. */
  readonly skip: ReadonlySet<string>;
  /** What stands for the entry by which another framework calls us; to call ourselves would never end. */
  readonly quick: readonly Hook[];
}
