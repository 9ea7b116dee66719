import type { Fault } from './shape.ts';
import { walkSteps } from './walk-steps.ts';
import type { Workflow } from './workflow.ts';

/** Ids name steps in the whole workflow, inside other steps too. */
export function duplicateIds(workflow: Workflow): Fault[] {
  const seen = new Set<string>();
  const faults: Fault[] = [];
  for (const { step, path } of walkSteps(workflow)) {
    if (seen.has(step.id)) {
      faults.push({
        code: 'duplicate_id',
        message: `the id "${step.id}" is taken by a step above`,
        path: [...path, 'id'],
        suggestion: 'give every step an id of its own, also inside other steps',
      });
    }
    seen.add(step.id);
  }
  return faults;
}
