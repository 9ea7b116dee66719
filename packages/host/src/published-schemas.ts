import { envelopeSchema, manifestSchema, mcpServerSchema, triggerSchema, workflowSchema } from '@cadre/core';
import { publishedSchema } from '@cadre/kit/config';
import type { JsonSchema } from '@cadre/sdk';
import { ConfigSchema } from './config.ts';

export interface PublishedSchema {
  readonly name: string;
  /** Which files it is of. */
  readonly says: string;
  readonly schema: () => JsonSchema;
}

/** The JSON Schemas (2020-12) of everything that people write, and of what Cadre tells, by which editors complete, explain and check. */
export const PUBLISHED_SCHEMAS: readonly PublishedSchema[] = [
  { name: 'worker', says: 'the manifest of a worker, worker.yaml', schema: manifestSchema },
  { name: 'workflow', says: 'a workflow, .cadre/workflows/NAME.yaml', schema: workflowSchema },
  { name: 'trigger', says: 'a trigger, .cadre/triggers/NAME.yaml', schema: triggerSchema },
  { name: 'mcp-server', says: 'a declared MCP server, .cadre/mcp/NAME.yaml', schema: mcpServerSchema },
  { name: 'config', says: 'settings, cadre.yaml and your own config.yaml', schema: configSchema },
  { name: 'event', says: 'an event, as it is told everywhere', schema: envelopeSchema },
];

function configSchema(): JsonSchema {
  return {
    $id: 'https://cadre.dev/schema/v1/config.json',
    title: 'Settings of Cadre',
    ...(publishedSchema(ConfigSchema) as JsonSchema),
  };
}

/** As it is printed and kept in files. */
export function schemaText({ schema }: PublishedSchema): string {
  return `${JSON.stringify(schema(), undefined, 2)}\n`;
}
