/**
 * Times at which something is due, earliest first: a leftist heap (Crane 1972), of which every version remains as it is.
 * Adding and taking cost O(log n). A time that no longer holds is dropped when it comes to the top.
 */
export interface Timers {
  readonly at: number;
  readonly path: string;
  /** Length of the shortest way down; never longer on the right. */
  readonly rank: number;
  readonly left?: Timers;
  readonly right?: Timers;
}

export function addTimer(timers: Timers | undefined, at: number, path: string): Timers {
  return merge(timers, { at, path, rank: 1 }) ?? { at, path, rank: 1 };
}

export function withoutFirst(timers: Timers): Timers | undefined {
  return merge(timers.left, timers.right);
}

function merge(one: Timers | undefined, other: Timers | undefined): Timers | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const [first, second] = isBefore(one, other) ? [one, other] : [other, one];
  const merged = merge(first.right, second);
  const { at, path, left } = first;
  const [longer, shorter] = rankOf(left) < rankOf(merged) ? [merged, left] : [left, merged];
  return {
    at,
    path,
    rank: rankOf(shorter) + 1,
    ...(longer === undefined ? {} : { left: longer }),
    ...(shorter === undefined ? {} : { right: shorter }),
  };
}

/** By path where two are due at once, so that the order is always the same. */
function isBefore(one: Timers, other: Timers): boolean {
  return one.at < other.at || (one.at === other.at && one.path < other.path);
}

function rankOf(timers: Timers | undefined): number {
  return timers?.rank ?? 0;
}
