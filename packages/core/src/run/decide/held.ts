import { pathOf } from '../outline.ts';
import type { StepStatus } from '../status.ts';
import type { Draft, StepPlace } from './draft.ts';

/** Reason of a step that a failed check holds. */
export const HELD = 'held';

const FAILED: ReadonlySet<StepStatus> = new Set(['failed', 'timed_out', 'cancelled']);

export function hasFailed(status: StepStatus): boolean {
  return FAILED.has(status);
}

/**
 * The first check that holds a step: one that its `heldBy` names and that has failed or was broken off. A check that was
 * skipped, or that has not been performed yet, holds nothing.
 */
export function holderOf(draft: Draft, { path, node }: StepPlace): StepPlace | undefined {
  for (const id of node.step.heldBy ?? []) {
    const address = draft.outline.byId.get(id);
    const at = address === undefined ? undefined : pathOf(address, path);
    const status = at === undefined ? undefined : draft.state.steps.get(at)?.status;
    if (address !== undefined && at !== undefined && status !== undefined && hasFailed(status))
      return { path: at, node: address.node };
  }
  return undefined;
}
