import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import type { Sandbox, SandboxOptions } from '../ports/sandbox.ts';

/** How a short confined program ended. */
export interface Completed {
  /** Exit code; 128+n when signal n ended it, 127 when it could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a confined program to its end; after `timeoutMs` it is killed with all that it started. */
export async function runConfined(
  sandbox: Sandbox,
  command: readonly string[],
  options: SandboxOptions,
  timeoutMs: number,
): Promise<Completed> {
  const child = await sandbox.start(command, options);
  child.stdin.end();
  const timer = setTimeout(() => child.kill(), timeoutMs);
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), child.ended]);
  clearTimeout(timer);
  const signal = end.signal === null ? undefined : constants.signals[end.signal as NodeJS.Signals];
  return {
    code: end.code ?? (signal === undefined ? 127 : 128 + signal),
    stdout,
    stderr: stderr || (end.error ?? ''),
  };
}
