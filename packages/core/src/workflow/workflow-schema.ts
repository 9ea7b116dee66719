import type { JsonSchema } from '@cadre/sdk';
import { DOCUMENT } from './document-shape.ts';
import { stepSchema } from './step-shapes.ts';

/** The JSON Schema of the workflow language (2020-12), by which editors complete and check. */
export function workflowSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://cadre.dev/schema/v1/workflow.json',
    title: 'Cadre workflow',
    ...DOCUMENT.schema,
    $defs: { step: stepSchema() },
  };
}
