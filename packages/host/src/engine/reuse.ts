import { CadreError, type NumberedEvent, type Workflow } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';

/**
 * The results that a new run takes over when it starts again from a step: of the workflow's own steps those that
 * succeeded before it. In a sequence that is what stands before it in the text; in a graph what had succeeded when it
 * began, so that nothing that could have needed it is taken over. Throws `invalid_input` for a step that is not the
 * workflow's own.
 */
export async function reusableResults(
  workflow: Workflow,
  events: AsyncIterable<NumberedEvent>,
  from: string,
): Promise<Readonly<Record<string, JsonValue>>> {
  const ids = workflow.steps.map((step) => step.id);
  const position = ids.indexOf(from);
  if (position === -1) {
    throw new CadreError('invalid_input', `${workflow.name} has no step '${from}' to start from`, {
      hint: `start from one of: ${ids.join(', ')}`,
    });
  }
  const sequence = workflow.mode === 'sequence';
  const before = new Set(sequence ? ids.slice(0, position) : ids);
  const results = new Map<string, JsonValue>();
  for await (const event of events) {
    if (!sequence && 'step' in event && isOf(from, event.step)) break;
    if (event.type === 'step.succeeded' && before.has(event.step)) results.set(event.step, event.output);
  }
  return Object.fromEntries(results);
}

function isOf(step: string, path: string): boolean {
  return path === step || path.startsWith(`${step}/`);
}
