import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** What an MCP server says of a tool: all of it is shown to people or models, so all of it is pinned. */
export interface McpTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  /** Hints of an untrusted party. */
  readonly annotations?: JsonObject;
}

const PINNED = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;

/** What is pinned of a tool as it was listed; the rest (icons, `_meta`) reaches nobody. */
export function pinnedPart(tool: object): McpTool {
  const listed = tool as Readonly<Record<string, unknown>>;
  const entries = PINNED.flatMap((key) => (listed[key] === undefined ? [] : [[key, listed[key]]]));
  return Object.fromEntries(entries) as McpTool;
}

/** SHA-256 of its canonical JSON. */
export function toolHash(tool: McpTool): string {
  const text = canonicalJson(pinnedPart(tool) as unknown as JsonValue);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
