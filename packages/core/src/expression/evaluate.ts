import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { ArtifactReference } from '../artifact/artifact-reference.ts';
import { type FindArtifact, isReference, loadArtifacts, referencesIn } from '../artifact/load-artifacts.ts';
import { referHandles } from '../artifact/refer-handles.ts';
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
  const filled = fillingOf(template);
  return filled === undefined ? template : filled({ scope, fuel: options.fuel ?? DEFAULT_FUEL });
}

/** Whether there is nothing to evaluate in it, so that no scope is needed. */
export function isConstant(template: JsonValue): boolean {
  return fillingOf(template) === undefined;
}

interface Evaluation {
  readonly scope: Scope;
  readonly fuel: number;
  /** Made when the first expression needs all of them. */
  variables?: ReadonlyMap<string, unknown>;
}

/** Gives the value; undefined stands for a template without an expression, which is its own value. */
type Filling = ((evaluation: Evaluation) => JsonValue) | undefined;

/** Templates belong to workflows, which are run again and again. */
const FILLINGS = new WeakMap<object, { readonly filling: Filling }>();

function fillingOf(template: JsonValue): Filling {
  if (typeof template === 'string') return hasExpression(template) ? fillingOfText(template) : undefined;
  if (typeof template !== 'object' || template === null) return undefined;
  const known = FILLINGS.get(template);
  if (known !== undefined) return known.filling;
  const filling = Array.isArray(template) ? fillingOfList(template) : fillingOfObject(template as JsonObject);
  FILLINGS.set(template, { filling });
  return filling;
}

function fillingOfList(list: readonly JsonValue[]): Filling {
  const fillings = list.map(fillingOf);
  if (fillings.every((filling) => filling === undefined)) return undefined;
  return (evaluation) =>
    list.map((value, index) => {
      const filling = fillings[index];
      return filling === undefined ? value : filling(evaluation);
    });
}

function fillingOfObject(object: JsonObject): Filling {
  const entries = Object.entries(object).map(([key, value]) => ({ key, value, filling: fillingOf(value) }));
  if (entries.every(({ filling }) => filling === undefined)) return undefined;
  return (evaluation) =>
    Object.fromEntries(
      entries.map(({ key, value, filling }) => [key, filling === undefined ? value : filling(evaluation)]),
    );
}

/** What is wrong with a text is said when it is evaluated, so that the first fault in the order of the template is told. */
function fillingOfText(text: string): Filling {
  let parts: readonly TemplatePart[] | undefined;
  return (evaluation) => {
    parts ??= parseTemplate(text);
    const [first] = parts;
    if (parts.length === 1 && first?.kind === 'expression') return evaluateWhole(first.text, evaluation);
    return parts.map((part) => evaluatePart(part, evaluation)).join('');
  };
}

const NAMES = ['inputs', 'steps', 'run', 'event', 'workspace', 'failure'];

/** A map and no object: a name such as `constructor` must not find what every object has. */
function toVariables(scope: Scope): ReadonlyMap<string, unknown> {
  const names = [...Object.keys(scope.variables), ...NAMES];
  return new Map(names.map((name) => [name, readName(name, scope)]));
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
  const { findArtifact } = evaluation.scope;
  const value = findArtifact === undefined ? found : loadArtifacts(found, findArtifact);
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
  const found = expression.plain ? readPlain(expression.accesses, evaluation.scope) : undefined;
  if (found !== undefined) return found;
  const { fuel, scope } = evaluation;
  evaluation.variables ??= toVariables(scope);
  const streams = new Map<string, ArtifactReference>();
  const find = scope.findArtifact && noting(scope.findArtifact, streams);
  const variables =
    find === undefined ? evaluation.variables : loadAccesses(expression, evaluation.variables, find);
  const passedOn = find === undefined ? undefined : passOn(expression, variables);
  if (passedOn !== undefined) return passedOn;
  try {
    if (expression.plain) return withFuel(fuel, () => expression.run(variables)) as JsonValue;
    for (const access of expression.accesses) assertNesting(readAccess(access, variables));
    const value = withFuel(fuel, () => expression.run(variables));
    const made = withFuel(fuel * RESULT_FUEL_FACTOR, () => toJson(value));
    return streams.size === 0 ? made : referHandles(made, (handle) => streams.get(handle));
  } catch (error) {
    throw explainError(expression.text, error);
  }
}

/** What an expression sees of bytes is their handle. Where it hands on one that it has read, that stands for them again. */
function noting(find: FindArtifact, streams: Map<string, ArtifactReference>): FindArtifact {
  return (reference) => {
    if (reference.stream !== undefined) streams.set(reference.digest, reference);
    return find(reference);
  };
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

/** Most expressions only read. Undefined: it is not there, which the language itself explains best. */
function readPlain([access]: readonly Access[], scope: Scope): JsonValue | undefined {
  if (access === undefined) return undefined;
  let value = readName(access.name, scope);
  for (const field of access.fields) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    // What stands in it has to be loaded.
    if (isReference(value)) return undefined;
    if (!Object.hasOwn(value, field)) return undefined;
    value = value[field as keyof typeof value];
  }
  return value as JsonValue | undefined;
}

/** What a name stands for; undefined where nothing has it. */
function readName(
  name: string,
  { inputs, steps, run, event, workspace, failure, variables }: Scope,
): unknown {
  switch (name) {
    case 'inputs':
      return inputs;
    case 'steps':
      return steps;
    case 'run':
      return run;
    case 'event':
      return event ?? run.trigger;
    case 'workspace':
      return workspace;
    case 'failure':
      return failure ?? null;
    default:
      return Object.hasOwn(variables, name) ? variables[name] : undefined;
  }
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
