import { readsOf as findReads } from '../workflow/graph.ts';
import type { Step } from '../workflow/workflow.ts';

const READS = new WeakMap<Step, readonly string[]>();

/** Ids of the steps that a step's own expressions read. Found once for each step. */
export function readsOf(step: Step): readonly string[] {
  const known = READS.get(step) ?? findReads(step);
  READS.set(step, known);
  return known;
}
