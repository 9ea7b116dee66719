import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import type { Completed, ExecOptions } from './context.ts';
import { ActionError } from './failure.ts';

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const TERMINATION_GRACE_MS = 2_000;

/**
 * Runs one program to its end without a shell, in a process group of its own.
 * Invariants:
 * 1. When the promise settles no process of the group is alive, whatever ended it.
 * 2. At most `maxOutputBytes` of each stream are held in memory.
 * Throws ActionError `program_missing` when it cannot be started and `cancelled` when the signal ended it.
 */
export function execute(
  path: string,
  args: readonly string[],
  options: ExecOptions & { cwd: string; env: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Completed> {
  const startedAt = performance.now();
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) return reject(cancelled(path));
    const child = spawn(path, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const streams = { stdout: collector(limit), stderr: collector(limit) };
    let timedOut = false;
    let aborted = false;

    const killGroup = (signal: NodeJS.Signals) => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group is gone already: what was wanted.
      }
    };
    let grace: NodeJS.Timeout | undefined;
    const end = () => {
      killGroup('SIGTERM');
      grace ??= setTimeout(() => killGroup('SIGKILL'), TERMINATION_GRACE_MS);
    };
    const onAbort = () => {
      aborted = true;
      end();
    };
    options.signal.addEventListener('abort', onAbort, { once: true });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, options.timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(grace);
      options.signal.removeEventListener('abort', onAbort);
      killGroup('SIGKILL');
    };

    for (const name of ['stdout', 'stderr'] as const) {
      // A character may be cut in two by the edge of a chunk.
      const decoder = new StringDecoder('utf8');
      child[name].on('data', (chunk: Buffer) => {
        streams[name].add(chunk);
        options.onOutput?.(name, decoder.write(chunk));
      });
    }
    // A program may close its input before it has read all of it; that is its own affair.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');

    child.on('error', (error: NodeJS.ErrnoException) => {
      settle();
      reject(
        error.code === 'ENOENT' || error.code === 'EACCES'
          ? new ActionError('program_missing', `${path} could not be started: ${error.code}`, {
              hint: `install ${path} or put it on PATH`,
            })
          : error,
      );
    });
    // `exit` and not `close`: a grandchild that keeps the pipe open must not keep us; the group is killed first.
    child.on('exit', () => killGroup('SIGKILL'));
    child.on('close', (code, signal) => {
      settle();
      if (aborted) return reject(cancelled(path));
      resolve({
        code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: streams.stdout.text(),
        stderr: streams.stderr.text(),
        timedOut,
        truncated: streams.stdout.truncated() || streams.stderr.truncated(),
        durationMs: Math.round(performance.now() - startedAt),
      });
    });
  });
}

function cancelled(path: string): ActionError {
  return new ActionError('cancelled', `${path} was stopped because the call was cancelled`);
}

function collector(limit: number) {
  const chunks: Buffer[] = [];
  let held = 0;
  let dropped = false;
  return {
    add(chunk: Buffer) {
      const room = limit - held;
      if (chunk.length > room) dropped = true;
      if (room <= 0) return;
      const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
      chunks.push(kept);
      held += kept.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    truncated: () => dropped,
  };
}
