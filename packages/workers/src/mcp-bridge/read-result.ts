import { ActionError, type JsonValue } from '@cadre/sdk';
import type { CallToolResult } from '@modelcontextprotocol/client';

const LONGEST_MESSAGE = 1_000;

/** What a tool answered. Throws `tool_failed` with what it said of its failure. */
export function readResult(id: string, result: CallToolResult): JsonValue {
  const { content, isError = false, structuredContent } = result;
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
  if (isError) {
    throw new ActionError('tool_failed', `the MCP server ${id} says: ${text.slice(0, LONGEST_MESSAGE)}`, {
      details: { text: text.slice(0, LONGEST_MESSAGE * 10) },
    });
  }
  return {
    text,
    content: content as unknown as JsonValue,
    ...(structuredContent === undefined ? {} : { structured: structuredContent as JsonValue }),
  };
}
