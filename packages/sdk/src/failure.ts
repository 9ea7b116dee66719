import type { JsonValue } from './json.ts';

/** Why work did not work, as data that is stored, shown and sent between processes. */
export interface Failure {
  /** Stable, snake_case: `program_missing`. */
  readonly code: string;
  /** One sentence: what was tried and why it failed. */
  readonly message: string;
  /** Whether trying the same thing again may help. */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly hint?: string;
  readonly details?: JsonValue;
  readonly cause?: Failure;
}

/** How work ended. Ports answer with it; they do not throw for what can go wrong outside. */
export type Outcome<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly failure: Failure };

export type FailureExtras = Partial<Omit<Failure, 'code' | 'message'>>;

export function failure(code: string, message: string, extras: FailureExtras = {}): Failure {
  return { code, message, retryable: false, ...extras };
}

/** What an author throws to end an action with a failure of their own code and hint. */
export class ActionError extends Error {
  readonly failure: Failure;

  constructor(code: string, message: string, extras: FailureExtras = {}) {
    super(message);
    this.name = 'ActionError';
    this.failure = failure(code, message, extras);
  }
}

/** Refusals of the kit and of Cadre carry it: they say what was wrong with the input, and are no faults of the code. */
const REFUSAL_MARK = Symbol.for('cadre.error');

/** Turns anything that was thrown into data. What is neither an ActionError nor a refusal is a fault of the code. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof ActionError) return thrown.failure;
  if (isRefusal(thrown)) return refusalFailure(thrown);
  if (isAccessDenied(thrown)) {
    return failure(
      'denied',
      `${thrown.permission} of ${thrown.resource ?? 'something'} is not granted to this worker`,
      {
        hint: 'it lies outside of what was granted, or is reached through a link that leads there',
      },
    );
  }
  if (thrown instanceof Error) {
    const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
    return failure('worker_fault', thrown.message, {
      ...(code === undefined ? {} : { details: { systemCode: code } }),
      ...(thrown.cause === undefined ? {} : { cause: toFailure(thrown.cause) }),
    });
  }
  return failure('worker_fault', String(thrown));
}

/** What Node throws when its permission model refuses: https://nodejs.org/api/errors.html#err_access_denied */
function isAccessDenied(thrown: unknown): thrown is Error & { permission: string; resource?: string } {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    thrown.code === 'ERR_ACCESS_DENIED' &&
    'permission' in thrown
  );
}

interface Refusal extends Error {
  readonly code: string;
  readonly hint?: string | undefined;
  readonly details?: unknown;
}

function isRefusal(thrown: unknown): thrown is Refusal {
  return thrown instanceof Error && REFUSAL_MARK in thrown;
}

function refusalFailure(refusal: Refusal): Failure {
  return failure(refusal.code, refusal.message, {
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    ...(refusal.details === undefined ? {} : { details: refusal.details as JsonValue }),
    ...(refusal.cause === undefined ? {} : { cause: toFailure(refusal.cause) }),
  });
}

/** The failure code by which an action says that there was nothing for it to do. */
export const SKIPPED = 'step_skipped';

/**
 * Thrown by an action that could not or need not do anything: the step ends `skipped`, which is neither success nor
 * failure. `reason` is a short stable word: `tool_missing`, `nothing_to_do`, `not_applicable`, `protected_branch`.
 */
export function skip(reason: string, message: string, hint?: string): ActionError {
  return new ActionError(SKIPPED, message, { details: { reason }, ...(hint === undefined ? {} : { hint }) });
}
