import { CadreError, type RunState, type Workflow } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';

/**
 * The results that a new run takes over when it starts again from a step: those of the workflow's own steps that had
 * succeeded before it. In a sequence that is what stands before it in the text; in a graph what was over when it began, so
 * that nothing that could have needed it is taken over. Throws `invalid_input` for a step that is not the workflow's own.
 */
export function reusableResults(
  workflow: Workflow,
  state: RunState,
  from: string,
): Readonly<Record<string, JsonValue>> {
  const position = workflow.steps.findIndex((step) => step.id === from);
  if (position === -1) {
    const names = workflow.steps.map((step) => step.id).join(', ');
    throw new CadreError('invalid_input', `${workflow.name} has no step '${from}' to start from`, {
      hint: `start from one of: ${names}`,
    });
  }
  const began = state.steps.get(from)?.startedAt ?? Number.POSITIVE_INFINITY;
  const isBefore = (index: number, endedAt: number) =>
    workflow.mode === 'sequence' ? index < position : index !== position && endedAt <= began;
  const results = workflow.steps.flatMap(({ id }, index) => {
    const step = state.steps.get(id);
    if (step?.status !== 'succeeded' || !isBefore(index, step.endedAt ?? 0)) return [];
    return [[id, step.output ?? null] as const];
  });
  return Object.fromEntries(results);
}
