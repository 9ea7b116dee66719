import { PRIORITY_STEPS } from '../ports/dispatch.ts';

/** Each so many milliseconds of waiting count for one level of priority more, as in the lines of one process. */
const LEVEL_MS = 900_000;

/** 2026-01-01: what is stored has to fit into 32 bits. */
const SINCE_MS = 1_767_225_600_000;

/**
 * What is stored for a job that is handed in now. Everything that waits grows older at the same pace, so the order of any two
 * never changes: it is enough that what comes later begins lower, and nothing that waits is ever written again.
 */
export function agedPriority(priority: number, now: number): number {
  return priority - Math.floor((now - SINCE_MS) / LEVEL_MS) * PRIORITY_STEPS;
}

/** What was taken off a job, by the column that says when it was handed in, as SQL. */
export function ageIn(created: string): string {
  return `(floor((extract(epoch FROM ${created}) * 1000 - ${SINCE_MS}) / ${LEVEL_MS})::int * ${PRIORITY_STEPS})`;
}
