import type { JsonObject, JsonValue } from '@cadre/sdk';
import { type FindArtifact, loadArtifacts, referencesIn } from '../artifact/load-artifacts.ts';
import { CadreError } from '../errors.ts';
import { explainError } from './explain-error.ts';
import { compileExpression, type Expression } from './expression.ts';
import { DEFAULT_FUEL, withFuel } from './fuel.ts';
import { loadAccesses } from './load-accesses.ts';
import { assertNesting } from './nesting.ts';
import type { Scope } from './scope.ts';
import type { Access } from './syntax-tree.ts';
import { hasExpression, parseTemplate, type TemplatePart } from './template.ts';
import { toJson } from './to-json.ts';

export interface EvaluateOptions {
  /** How much work each expression may do: about the number of elements that it may touch. Default 100,000. */
  readonly fuel?: number;
}

/**
 * A value with all its `${{ … }}` replaced. A string that is exactly one expression takes its type; otherwise what the
 * expressions give is put into the text, as JSON where it is not a text. `${{ secrets.NAME }}` gives `{ "$secret": "NAME" }`.
 * A string that is no more than the path to a value passes a reference on; whatever else is read is loaded.
 * Throws CadreError `invalid_expression` or `expression_too_costly`, with an `ExpressionFault` as details, and
 * ArtifactsNeeded.
 */
export function evaluate(template: JsonValue, scope: Scope, options: EvaluateOptions = {}): JsonValue {
  const fuel = options.fuel ?? DEFAULT_FUEL;
  const evaluation = { variables: toVariables(scope), fuel, find: scope.findArtifact };
  return evaluateValue(template, evaluation);
}

interface Evaluation {
  readonly variables: ReadonlyMap<string, unknown>;
  readonly fuel: number;
  readonly find: FindArtifact | undefined;
}

/** A map and no object: a name such as `constructor` must not find what every object has. */
function toVariables(scope: Scope): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(scope.variables),
    ['inputs', scope.inputs],
    ['steps', scope.steps],
    ['run', scope.run],
    ['event', scope.event ?? scope.run.trigger],
    ['workspace', scope.workspace],
    ['failure', scope.failure ?? null],
  ]);
}

function evaluateValue(value: JsonValue, evaluation: Evaluation): JsonValue {
  if (typeof value === 'string') return hasExpression(value) ? evaluateText(value, evaluation) : value;
  if (Array.isArray(value)) return value.map((element) => evaluateValue(element, evaluation));
  return value !== null && typeof value === 'object' ? evaluateObject(value, evaluation) : value;
}

function evaluateObject(value: JsonObject, evaluation: Evaluation): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, evaluateValue(inner, evaluation)]),
  );
}

function evaluateText(text: string, evaluation: Evaluation): JsonValue {
  const parts = parseTemplate(text);
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'expression') return evaluateWhole(first.text, evaluation);
  return parts.map((part) => evaluatePart(part, evaluation)).join('');
}

function evaluateWhole(text: string, evaluation: Evaluation): JsonValue {
  const expression = compileExpression(text);
  return expression.secret === undefined ? run(expression, evaluation) : { $secret: expression.secret };
}

function evaluatePart(part: TemplatePart, evaluation: Evaluation): string {
  if (part.kind === 'text') return part.text;
  const expression = compileExpression(part.text);
  if (expression.secret !== undefined) throw explainError(part.text, secretInText());
  const found = run(expression, evaluation);
  const value = evaluation.find === undefined ? found : loadArtifacts(found, evaluation.find);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function secretInText(): CadreError {
  return new CadreError('invalid_expression', 'a secret may not be part of a text', {
    hint: 'give it as a whole value, as in `token: ${{ secrets.NAME }}`',
  });
}

/** What is made of a result may be larger than what was done for it: a list of 200,000 names handed on as it is. */
const RESULT_FUEL_FACTOR = 10;

function run(expression: Expression, evaluation: Evaluation): JsonValue {
  const { fuel, find } = evaluation;
  const variables =
    find === undefined ? evaluation.variables : loadAccesses(expression, evaluation.variables, find);
  const passedOn = find === undefined ? undefined : passOn(expression, variables);
  if (passedOn !== undefined) return passedOn;
  try {
    if (expression.plain) return withFuel(fuel, () => expression.run(variables)) as JsonValue;
    for (const access of expression.accesses) assertNesting(readAccess(access, variables));
    const value = withFuel(fuel, () => expression.run(variables));
    return withFuel(fuel * RESULT_FUEL_FACTOR, () => toJson(value));
  } catch (error) {
    throw explainError(expression.text, error);
  }
}

/** A value with references in it, which the library knows nothing of. Undefined: it is none, or more than passed on. */
function passOn(
  { plain, accesses: [access] }: Expression,
  variables: ReadonlyMap<string, unknown>,
): JsonValue | undefined {
  if (!plain || access === undefined) return undefined;
  let value = variables.get(access.name);
  for (const field of access.fields) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
    value = value[field as keyof typeof value];
  }
  return referencesIn(value).length === 0 ? undefined : (value as JsonValue);
}

/** The innermost value that an access is sure to reach. */
function readAccess(access: Access, variables: ReadonlyMap<string, unknown>): unknown {
  let value = variables.get(access.name);
  for (const field of access.fields) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return value;
    value = value[field as keyof typeof value];
  }
  return value;
}
