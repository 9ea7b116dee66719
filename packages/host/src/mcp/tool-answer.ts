import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { CallToolResult } from '@modelcontextprotocol/server';

/** A result as text for models, and as data where it is an object, which is the only kind that every client takes. */
export function answerWith(output: JsonValue): CallToolResult {
  const text = typeof output === 'string' ? output : JSON.stringify(output, undefined, 2);
  return {
    content: [{ type: 'text', text }],
    ...(isObject(output) ? { structuredContent: output } : {}),
  };
}

/** The answer of a tool of another server, as its client has let it through. */
export function handOn(output: JsonValue): CallToolResult {
  const { content, structured } = output as unknown as {
    readonly content: CallToolResult['content'];
    readonly structured?: JsonObject;
  };
  return { content, ...(structured === undefined ? {} : { structuredContent: structured }) };
}

/** What was tried and why it failed, and what to do, such as the command that would grant it. */
export function answerFailure({
  code,
  message,
  hint,
}: Pick<Failure, 'code' | 'message'> & { readonly hint?: string | undefined }): CallToolResult {
  const text = `${message} [${code}]${hint === undefined ? '' : `\ntry: ${hint}`}`;
  return { content: [{ type: 'text', text }], isError: true };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
