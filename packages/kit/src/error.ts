const MARK = Symbol.for('cadre.error');

/** Every refusal of the kit. An application's edge turns the code into words and an exit code. */
export type KitErrorCode =
  | 'cancelled'
  | 'changed_meanwhile'
  | 'config_ambiguous'
  | 'config_corrupt'
  | 'config_invalid'
  | 'disk_full'
  | 'exists'
  | 'invalid_app_id'
  | 'invalid_schedule'
  | 'invalid_text'
  | 'invalid_value'
  | 'lease_held'
  | 'not_editable'
  | 'not_found'
  | 'not_readable'
  | 'not_writable'
  | 'outside_root'
  | 'refused'
  | 'secret_in_config'
  | 'too_large';

export interface KitErrorExtras {
  /** What to do about it, as one imperative sentence. */
  readonly hint?: string | undefined;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/**
 * Wrong use or bad input. It carries the mark `Symbol.for('cadre.error')` and the fields code, message, hint and
 * details, as the refusals of Cadre itself do, so that an edge treats both alike without knowing the kit.
 */
export class KitError extends Error {
  readonly [MARK] = true;
  readonly code: KitErrorCode;
  readonly hint: string | undefined;
  readonly details: unknown;

  constructor(code: KitErrorCode, message: string, extras: KitErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'KitError';
    this.code = code;
    this.hint = extras.hint;
    this.details = extras.details;
  }
}

/** By name and mark and not by class, so that two copies of the kit in one process understand each other. */
export function isKitError(error: unknown): error is KitError {
  return error instanceof Error && error.name === 'KitError' && MARK in error;
}
