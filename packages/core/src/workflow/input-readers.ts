import { isCadreError } from '../errors.ts';
import { references } from '../expression/references.ts';
import { templatesOf } from './templates.ts';
import { listsIn } from './walk-steps.ts';
import type { Step, Workflow } from './workflow.ts';

/** Ids of the top-level steps that read an input, themselves or inside them. */
export function inputReaders(workflow: Workflow, input: string): string[] {
  return workflow.steps.filter((step) => reads(step, input)).map(({ id }) => id);
}

function reads(step: Step, input: string): boolean {
  const own = templatesOf(step).some(({ template }) => {
    try {
      return references(template).inputs.includes(input);
    } catch (error) {
      // What cannot be parsed reads nothing: `checkWorkflow` tells.
      if (isCadreError(error)) return false;
      throw error;
    }
  });
  return own || listsIn(step, [], 'sequence').some(({ steps }) => steps.some((inner) => reads(inner, input)));
}
