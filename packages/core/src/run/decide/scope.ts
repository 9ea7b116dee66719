import { type Failure, failure, type JsonObject, type JsonValue, type Outcome } from '@cadre/sdk';
import { loadArtifacts } from '../../artifact/load-artifacts.ts';
import { CadreError, isCadreError } from '../../errors.ts';
import { evaluate, isConstant } from '../../expression/evaluate.ts';
import type { Scope, StepView } from '../../expression/scope.ts';
import { countOf, itemAt } from '../items.ts';
import { locate, pathOf } from '../outline.ts';
import { COMPENSATE, FINALLY, isAside, nameOf, ON_FAILURE, outward, parentOf, RECOVER } from '../path.ts';
import { readsOf } from '../reads-of.ts';
import { PENDING, type RunState } from '../state.ts';
import type { Draft, StepPlace } from './draft.ts';
import { outputOf } from './list-state.ts';

/** An expression that does not work is a failure of the step that holds it; anything else thrown is a bug. */
export function outcomeOf<T>(path: string, work: () => T): Outcome<T> {
  try {
    return { ok: true, output: work() };
  } catch (error) {
    if (!isCadreError(error)) throw error;
    const details: JsonObject = path === '' ? {} : { step: path };
    return {
      ok: false,
      failure: failure(error.code, error.message, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        details,
      }),
    };
  }
}

/** Throws CadreError `invalid_expression` or `expression_too_costly`. */
export function evaluateFor(draft: Draft, place: StepPlace, template: JsonValue): JsonValue {
  if (isConstant(template)) return template;
  return evaluate(template, scopeAt(draft, place.path, readsOf(place.node.step)));
}

/** The same for what is read here and now, and not only passed on. */
export function evaluateWhole(draft: Draft, place: StepPlace, template: JsonValue): JsonValue {
  const value = evaluateFor(draft, place, template);
  const { artifacts } = draft.moment;
  return artifacts === undefined ? value : loadArtifacts(value, artifacts.find);
}

/** Throws like `evaluateFor`, and `invalid_expression` when the value is neither true nor false. */
export function evaluateCondition(
  draft: Draft,
  place: StepPlace,
  condition: string,
  event?: JsonObject,
): boolean {
  const scope = scopeAt(draft, place.path, readsOf(place.node.step));
  return truth(condition, evaluate(condition, event === undefined ? scope : { ...scope, event }));
}

/** The same for a condition that sees what stands inside the step: `inside` is the path of a list there. */
export function evaluateInside(
  draft: Draft,
  { node }: StepPlace,
  inside: string,
  condition: string,
): boolean {
  return truth(condition, evaluate(condition, scopeAt(draft, inside, readsOf(node.step))));
}

function truth(condition: string, value: JsonValue): boolean {
  if (typeof value === 'boolean') return value;
  throw new CadreError('invalid_expression', `the condition ${condition} gave ${JSON.stringify(value)}`, {
    hint: 'a condition is one expression that gives true or false, such as ${{ inputs.count > 0 }}',
  });
}

/** As it stands in a sentence. */
export function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What an expression at a path sees: of the steps only those that it reads, whatever the length of the run. */
export function scopeAt(draft: Draft, path: string, reads: readonly string[]): Scope {
  const { state, moment } = draft;
  const failed = failureAt(state, path);
  const steps: Record<string, StepView> = {};
  for (const id of reads) {
    const view = viewOf(draft, id, path);
    // An id begins with a letter, so it is never `__proto__`.
    if (view !== undefined) steps[id] = view;
  }
  return {
    inputs: state.inputs,
    steps,
    run: { id: moment.runId, startedAt: state.startedAt ?? state.createdAt, trigger: state.trigger },
    workspace: moment.workspace,
    ...(failed === undefined ? {} : { failure: failed }),
    variables: variablesAt(draft, path),
    ...(moment.artifacts === undefined ? {} : { findArtifact: moment.artifacts.find }),
  };
}

function viewOf(draft: Draft, id: string, from: string): StepView | undefined {
  const address = draft.outline.byId.get(id);
  const path = address === undefined ? undefined : pathOf(address, from);
  if (address === undefined || path === undefined) return undefined;
  const step = draft.state.steps.get(path);
  if (step === undefined) return { status: 'pending', output: null, failure: null, attempts: 0 };
  const { status, attempts } = step;
  const output = outputOf(draft.state, path, address.node);
  return { status, output, failure: step.failure ?? null, attempts };
}

/** A recovery sees what its step failed with; `onFailure` and `finally` what the run fails with, when it does. */
function failureAt(state: RunState, path: string): Failure | undefined {
  if (!path.includes('~')) return undefined;
  for (const container of outward(path)) {
    if (nameOf(container) === RECOVER) return state.steps.get(parentOf(container) ?? '')?.failure;
    if (container === ON_FAILURE || container === FINALLY || nameOf(container) === COMPENSATE)
      return state.steps.get('')?.failure;
  }
  return undefined;
}

/** Names that the loops around a path bring in; inner ones hide outer ones. */
function variablesAt(draft: Draft, path: string): JsonObject {
  // What stands in nothing brings in nothing.
  if (!path.includes('/')) return {};
  const inwards = [...outward(path)].reverse();
  return Object.assign({}, ...inwards.map((element) => variablesOf(draft, element)));
}

/** What a path brings in when it is that of an element, or of a going-through. */
function variablesOf({ outline, state, moment }: Draft, element: string): JsonObject {
  const each = parentOf(element) ?? '';
  const { items, iteration } = state.steps.get(each) ?? PENDING;
  if (iteration !== undefined) return isAside(nameOf(element)) ? {} : { iteration: Number(nameOf(element)) };
  const located = items === undefined ? undefined : locate(outline, each);
  if (items === undefined || located === undefined || !('node' in located)) return {};
  const { step } = located.node;
  const index = Number(nameOf(element));
  if (step.kind !== 'forEach' || !(index < countOf(items))) return {};
  return { [step.as]: itemAt(items, index, moment.artifacts?.find), index };
}
