import { EvaluationError, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
import { CadreError, isCadreError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { LANGUAGE } from './environment.ts';

/** What went wrong in an expression, for `details` of the error and for checking a workflow. */
export interface ExpressionFault {
  readonly expression: string;
  readonly reason: string;
  /** Where in the expression, in characters from 0. */
  readonly start?: number;
  readonly end?: number;
}

/** Whatever parsing or evaluating an expression threw, as `invalid_expression` or `expression_too_costly`. */
export function explainError(expression: string, thrown: unknown): CadreError {
  if (isCadreError(thrown)) return expressionError(expression, thrown.message, thrown, thrown.code);
  if (!isFault(thrown)) return expressionError(expression, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  const hint = unknownFunction(thrown.summary) ?? HINTS[thrown.code];
  return expressionError(expression, lowerFirst(thrown.summary), { ...(hint && { hint }), range: thrown.range, cause: thrown });
}

interface Extras {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly details?: unknown;
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** A refusal of an expression that shows it, says why and where. */
export function expressionError(
  expression: string,
  reason: string,
  extras: Extras = {},
  code: CadreError['code'] = 'invalid_expression',
): CadreError {
  // An error on its way out through a second explanation keeps its first one.
  if (isFaultDetails(extras.details)) {
    return extras as CadreError;
  }
  const place = extras.range && extras.range.start > 0 ? ` (at character ${extras.range.start + 1})` : '';
  const details: ExpressionFault = { expression, reason, ...extras.range };
  return new CadreError(code, `\`${shorten(expression)}\`: ${reason}${place}`, {
    details,
    ...(extras.hint !== undefined && { hint: extras.hint }),
    ...(extras.cause !== undefined && { cause: extras.cause }),
  });
}
