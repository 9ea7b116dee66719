import { EvaluationError, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
import { CadreError, isCadreError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { language } from './environment.ts';

/** What went wrong in an expression: the `details` of its error. */
export interface ExpressionFault {
  readonly expression: string;
  readonly reason: string;
  /** Where in the expression, in characters from 0. */
  readonly start?: number;
  readonly end?: number;
  /** What the library calls it: `no_such_key`. */
  readonly code?: string;
}

/** Whatever parsing, checking or evaluating an expression threw, as a refusal that shows it and says why and where. */
export function explainError(expression: string, thrown: unknown): CadreError {
  if (isCadreError(thrown))
    return refusal({ expression, reason: thrown.message }, thrown, thrown.hint, thrown.code);
  if (isLibraryError(thrown)) {
    // While evaluating, places are those of the metered text, which nobody wrote.
    const range = thrown instanceof EvaluationError ? undefined : thrown.range;
    const fault = { expression, reason: sayPlainly(thrown.summary), code: thrown.code, ...range };
    return refusal(fault, thrown, unknownFunction(thrown.summary) ?? HINTS[thrown.code]);
  }
  // The library hands on what JavaScript says: a stack that overflows, a time zone that does not exist.
  return refusal({ expression, reason: thrown instanceof Error ? thrown.message : String(thrown) }, thrown);
}

function refusal(
  fault: ExpressionFault,
  cause: unknown,
  hint?: string,
  code: CadreError['code'] = 'invalid_expression',
): CadreError {
  const place = fault.start === undefined ? '' : ` (at character ${fault.start + 1})`;
  return new CadreError(code, `\`${shorten(fault.expression)}\`: ${fault.reason}${place}`, {
    details: fault,
    cause,
    ...(hint !== undefined && { hint }),
  });
}

type LibraryError = ParseError | TypeProblem | EvaluationError;

function isLibraryError(thrown: unknown): thrown is LibraryError {
  return thrown instanceof ParseError || thrown instanceof TypeProblem || thrown instanceof EvaluationError;
}

const HINTS: Readonly<Record<string, string>> = {
  unknown_variable: 'an expression sees inputs, steps, run, workspace, event and failure',
  no_such_key: 'where a field may be missing write `.?field` and `.orValue(…)`',
  no_such_overload: 'convert one side with string(…), int(…) or double(…)',
  no_matching_overload: 'convert the value with string(…), int(…) or double(…)',
  incompatible_ternary_branches: 'put dyn(…) around one of them to allow both',
  expected_token: 'check its parentheses and quotation marks',
  limit_exceeded: 'split the expression into steps',
};

const NO_OVERLOAD = /^found no matching overload for '(?:[^'(]*\.)?(\w+)\(/;

function unknownFunction(summary: string): string | undefined {
  const name = NO_OVERLOAD.exec(summary)?.[1];
  if (name === undefined) return undefined;
  const functions = language()
    .getDefinitions()
    .functions.map((definition) => definition.name);
  if (functions.includes(name)) return undefined;
  return didYouMean(name, functions) ?? `there is no function ${name}`;
}

/** Without a capital, and with the names of functions as the author knows them. */
function sayPlainly(summary: string): string {
  return (summary.charAt(0).toLowerCase() + summary.slice(1)).replaceAll('__', '');
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
