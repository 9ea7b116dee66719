import type { RunRecord } from '../../ports/store.ts';

/** Where the run began, and where its own commit brought it: `3f9a2c1 → 77b01d4`. */
export function commitText({ commit, madeCommit }: RunRecord): string {
  return [commit, madeCommit]
    .filter((one) => one !== undefined)
    .map((one) => one.slice(0, 7))
    .join(' → ');
}
