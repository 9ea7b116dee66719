import { PRIORITY_STEPS as RANKS } from '../ports/dispatch.ts';

const HIGHEST = 100_000_000;

/**
 * What one run has under way already makes its next jobs wait for those of others, within the same priority. `ahead`: how many
 * attempts of the same run are under way, or handed in before it.
 */
export function rankedPriority(priority: number, ahead: number): number {
  return withRank(priority, RANKS - 1 - Math.min(RANKS - 1, Math.floor(Math.log2(ahead + 1))));
}

/** Another priority, with the same place among the jobs of its run. */
export function reranked(ranked: number, priority: number): number {
  return withRank(priority, ((ranked % RANKS) + RANKS) % RANKS);
}

function withRank(priority: number, rank: number): number {
  return Math.max(-HIGHEST, Math.min(HIGHEST, priority)) * RANKS + rank;
}
