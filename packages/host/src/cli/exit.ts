import type { RunStatus } from '@cadre/core';
import { CadreError, ERROR_CODES, type ErrorCode, isCadreError } from '@cadre/core/errors';
import { type Failure, SKIPPED } from '@cadre/sdk';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  held: 3,
  refused: 4,
  missing: 5,
  timedOut: 124,
  interrupted: 130,
  terminated: 143,
} as const;

/** Exit code of a refusal; a fault of the program itself is 1. */
export function exitCodeOfError(error: unknown): number {
  if (!isCadreError(error)) return EXIT.failed;
  return ERROR_CODES[error.code]?.exitCode ?? EXIT.usage;
}

/** Exit code of what was interrupted: 128 and the number of the signal that did it; of a person's cancel, Ctrl-C's. */
export function exitCodeOfInterrupt({ interrupted }: { readonly interrupted: AbortSignal }): number {
  return interrupted.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}

/** Exit code of a run that ended, by the status and, for a failure, its code. */
export function exitCodeOfRun(
  status: RunStatus,
  failure: Failure | undefined,
  io: { readonly interrupted: AbortSignal },
): number {
  switch (status) {
    case 'succeeded':
      return EXIT.ok;
    case 'timed_out':
      return EXIT.timedOut;
    case 'cancelled':
      return exitCodeOfInterrupt(io);
    case 'waiting':
      return EXIT.refused;
    default:
      return failure !== undefined && failure.code in ERROR_CODES
        ? ERROR_CODES[failure.code as ErrorCode].exitCode
        : EXIT.failed;
  }
}

/** A wrong call of a command, with what to do instead. */
export function usageError(message: string, hint?: string): CadreError {
  return new CadreError('invalid_usage', message, hint === undefined ? {} : { hint });
}

/** The failure of an action that a command called by itself, as a refusal to print. */
export function failureError(failure: Failure): CadreError {
  const code = failure.code in ERROR_CODES ? (failure.code as ErrorCode) : 'work_failed';
  const message =
    failure.code === SKIPPED || code !== 'work_failed'
      ? failure.message
      : `${failure.message} [${failure.code}]`;
  return new CadreError(code, message, {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.details === undefined ? {} : { details: failure.details }),
  });
}
