/**
 * Every refusal that Cadre can give, in one list. An edge turns the code into words, an HTTP status or an exit code.
 * Exit codes: 1 the work failed, 2 wrong usage or invalid input, 3 lock held, 4 refused by policy, 5 something needed is
 * missing, 124 timed out.
 */
export const ERROR_CODES = {
  invalid_usage: { status: 400, exitCode: 2 },
  invalid_input: { status: 400, exitCode: 2 },
  invalid_workflow: { status: 400, exitCode: 2 },
  invalid_trigger: { status: 400, exitCode: 2 },
  invalid_schedule: { status: 400, exitCode: 2 },
  in_the_past: { status: 400, exitCode: 2 },
  invalid_manifest: { status: 400, exitCode: 2 },
  invalid_skill: { status: 400, exitCode: 2 },
  invalid_package: { status: 400, exitCode: 2 },
  invalid_expression: { status: 400, exitCode: 2 },
  expression_too_costly: { status: 400, exitCode: 2 },
  config_invalid: { status: 400, exitCode: 2 },
  config_corrupt: { status: 400, exitCode: 2 },
  config_ambiguous: { status: 400, exitCode: 2 },
  not_found: { status: 404, exitCode: 2 },
  run_not_found: { status: 404, exitCode: 2 },
  workflow_not_found: { status: 404, exitCode: 2 },
  trigger_not_found: { status: 404, exitCode: 2 },
  workspace_not_found: { status: 404, exitCode: 2 },
  run_over: { status: 409, exitCode: 2 },
  not_built_yet: { status: 501, exitCode: 2 },
  exists: { status: 409, exitCode: 2 },
  changed_meanwhile: { status: 409, exitCode: 1 },
  lease_held: { status: 409, exitCode: 3 },
  group_busy: { status: 409, exitCode: 3 },
  bad_signature: { status: 401, exitCode: 4 },
  too_many: { status: 429, exitCode: 1 },
  overloaded: { status: 503, exitCode: 1 },
  too_large: { status: 413, exitCode: 2 },
  artifact_missing: { status: 410, exitCode: 1 },
  artifact_damaged: { status: 500, exitCode: 1 },
  denied: { status: 403, exitCode: 4 },
  not_trusted: { status: 403, exitCode: 4 },
  no_sandbox: { status: 403, exitCode: 4 },
  program_missing: { status: 424, exitCode: 5 },
  tool_missing: { status: 424, exitCode: 5 },
  not_configured: { status: 424, exitCode: 5 },
  incompatible: { status: 424, exitCode: 5 },
  remote_unreachable: { status: 503, exitCode: 5 },
  store_unavailable: { status: 503, exitCode: 5 },
  journal_went_back: { status: 503, exitCode: 5 },
  store_corrupt: { status: 500, exitCode: 1 },
  work_failed: { status: 500, exitCode: 1 },
  disk_full: { status: 507, exitCode: 1 },
  timed_out: { status: 504, exitCode: 124 },
} as const satisfies Record<string, { status: number; exitCode: number }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorExtras {
  /** What to do about it, as one imperative sentence. */
  readonly hint?: string;
  readonly details?: unknown;
  readonly cause?: unknown;
}

const MARK = Symbol.for('cadre.error');

/** A refusal: wrong use or bad input, thrown where it is noticed and translated by the edge alone. */
export class CadreError extends Error {
  readonly [MARK] = true;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'CadreError';
    this.code = code;
    this.hint = extras.hint;
    this.details = extras.details;
  }
}

/** By mark and not by class, so that two copies of this module in one process understand each other. */
export function isCadreError(error: unknown): error is CadreError {
  return typeof error === 'object' && error !== null && MARK in error;
}
