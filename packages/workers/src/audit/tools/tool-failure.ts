import { ActionError, type Completed } from '@cadre/sdk';

const LAST_LINES = 20;

/** A tool that did not come to its end, with its last lines. */
export function toolFailed(tool: string, completed: Completed, what: string): ActionError {
  const lines = [completed.stderr, completed.stdout].join('\n').trim().split('\n').slice(-LAST_LINES);
  const reason = completed.timedOut ? 'it took too long' : `it ended with exit code ${completed.code}`;
  return new ActionError('tool_failed', `${tool} could not ${what}: ${reason}`, {
    hint: `run ${tool} by hand to see why`,
    details: { tool, exitCode: completed.code, lastLines: lines },
  });
}

/** The JSON that a tool printed. Throws `tool_failed` when it is none, and when the output was cut off. */
export function toolJson(tool: string, completed: Completed, what: string): unknown {
  try {
    if (!completed.truncated) return JSON.parse(completed.stdout);
  } catch {
    // Said below, with what it printed instead.
  }
  throw toolFailed(tool, completed, what);
}
