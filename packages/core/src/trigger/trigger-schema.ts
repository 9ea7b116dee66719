import type { JsonSchema } from '@cadre/sdk';
import { TRIGGER_DOCUMENT } from './trigger-shape.ts';

/** The JSON Schema of triggers (2020-12), by which editors complete and check. */
export function triggerSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://cadre.dev/schema/v1/trigger.json',
    title: 'Cadre trigger',
    ...TRIGGER_DOCUMENT.schema,
  };
}
