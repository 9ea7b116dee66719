import type { JsonSchema } from '@cadre/sdk';
import { MCP_SERVER_DOCUMENT } from './mcp-server-shape.ts';

/** The JSON Schema of declared MCP servers (2020-12), by which editors complete and check. */
export function mcpServerSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://cadre.dev/schema/v1/mcp-server.json',
    title: 'MCP server of a Cadre workspace',
    ...MCP_SERVER_DOCUMENT.schema,
  };
}
