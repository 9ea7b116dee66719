import type { JsonValue } from '@cadre/sdk';
import { CadreError } from '../errors.ts';
import type { WorkflowDocument } from './document.ts';
import { compileDocument } from './parse-workflow.ts';
import type { Workflow } from './workflow.ts';

/**
 * A workflow written in TypeScript: the same document as in YAML, and the same workflow comes of it.
 * Throws CadreError `invalid_workflow` with all problems as details.
 */
export function defineWorkflow(document: WorkflowDocument): Workflow {
  const nowhere = () => undefined;
  const parsed = compileDocument(document as unknown as JsonValue, nowhere, nowhere);
  if (parsed.ok) return parsed.workflow;
  const lines = parsed.problems.map(
    ({ path, message, suggestion }) => `${path}: ${message}${suggestion ? ` – ${suggestion}` : ''}`,
  );
  throw new CadreError('invalid_workflow', `this is not a workflow:\n  ${lines.join('\n  ')}`, {
    details: { problems: parsed.problems },
  });
}
