import { type ActionContext, ActionError } from '@cadre/sdk';
import { SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import { settingsOf } from './bridge-settings.ts';
import type { Connection } from './open-connection.ts';

const LONGEST_MESSAGE = 1_000;

/** What went wrong between Cadre and a server, as a failure of the action. What the host refused is told as it is. */
export async function explainFault(
  id: string,
  error: unknown,
  context: ActionContext,
  connection: Connection,
): Promise<ActionError> {
  if (error instanceof ActionError) return error;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refusal;
  if (context.signal.aborted) return new ActionError('cancelled', `the call of ${id} was stopped`);
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_MESSAGE);
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
    const { timeoutMs } = settingsOf(context);
    return new ActionError('timeout', `the MCP server ${id} did not answer within ${timeoutMs} ms`, {
      hint: 'raise spec.timeout of the server if it needs longer',
    });
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType) {
    return new ActionError(
      'denied',
      `the MCP server ${id} asks its client for something in the middle of a call`,
      {
        hint: 'nobody is asked for a server: give the tool what it needs as its input, or use another tool of it',
      },
    );
  }
  const words = await connection.lastWords();
  const end = connection.end();
  // That the connection is closed follows from it, and how far it had come says nothing.
  const why =
    end === undefined
      ? reason
      : `its program ended with ${end}${isAboutClosing(reason) ? '' : `: ${reason}`}`;
  const last = words === '' ? '' : `; it last wrote: ${words}`;
  return new ActionError('provider_failed', `the MCP server ${id} could not be asked: ${why}${last}`, {
    retryable: isClosed(error),
    hint: 'see what it writes with its program started by hand, and its declaration in .cadre/mcp',
  });
}

function isClosed(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed;
}

function isAboutClosing(reason: string): boolean {
  return /connection( was)? closed/i.test(reason);
}

/** The library wraps what is thrown while it sends. */
function refusalIn(error: unknown): ActionError | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof ActionError) return inner;
  }
  return undefined;
}
