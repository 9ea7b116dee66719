import type { JsonObject, JsonValue, Outcome } from '@cadre/sdk';
import { CadreError } from '../../errors.ts';
import { canonicalJson } from '../../json.ts';
import { sha256 } from '../../sha256.ts';
import type { Budget, StepCommon } from '../../workflow/workflow.ts';
import type { CacheWish, Command } from '../commands.ts';
import { priorityOf } from '../priority.ts';
import { asksForBudget } from './ask-for-budget.ts';
import { limitsOf, refusedAction, scopesAt } from './budget.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { keepEntries } from './keep-large.ts';
import { permissionSetsOf } from './permission-sets.ts';
import { evaluateFor, evaluateWhole, outcomeOf } from './scope.ts';
import { wallOf } from './step-time.ts';

/** Hands out an attempt. Its expressions are evaluated now: they see what is there when it starts. */
export function performAttempt(draft: Draft, place: StepPlace): void {
  const { path } = place;
  if (asksForBudget(draft, path)) return;
  const { attempts = 0 } = draft.state.steps.get(path) ?? {};
  const attempt = attempts + 1;
  const scopes = scopesAt(draft, path);
  const limits = scopes.length === 0 ? undefined : limitsOf(draft.state, scopes);
  const refusal = refusedAction(scopes, path);
  const counted = limits?.actions === undefined || refusal !== undefined ? {} : { usage: { actions: 1 } };
  emit(draft, { type: 'step.started', step: path, attempt, ...counted });
  const command: Outcome<Command> =
    refusal === undefined
      ? outcomeOf(path, () => ({
          ...commandFor(draft, place, attempt),
          ...limitsWithTime(draft, place, limits),
        }))
      : { ok: false, failure: refusal };
  if (command.ok) draft.performs.set(path, command.output);
  else emit(draft, { type: 'step.failed', step: path, failure: command.failure });
}

/** Of the time only what the step's own budget gives is kept here: that of a container ends the container. */
function limitsWithTime(draft: Draft, { path, node }: StepPlace, limits: Budget | undefined) {
  const wallAt = wallOf(draft, path, node.step);
  if (wallAt === undefined) return limits === undefined ? {} : { limits };
  return { limits: { ...limits, wallMs: Math.max(0, wallAt - draft.moment.now) } };
}

function commandFor(draft: Draft, place: StepPlace, attempt: number): Command {
  const { step } = place.node;
  if (step.kind !== 'action') throw new Error(`bug: the step '${place.path}' performs no action`);
  const { env } = step;
  const permissionSets = permissionSetsOf(draft, place.path);
  const priority = priorityOf(draft.state, place.path, step.priority);
  const shard = shardOf(draft, place);
  return {
    type: 'perform-step',
    step: place.path,
    attempt,
    uses: step.uses,
    input: keepEntries(draft.moment.artifacts, evaluateFor(draft, place, step.with) as JsonObject),
    ...(step.timeoutMs === undefined
      ? { timeoutMs: draft.outline.workflow.defaults.timeoutMs, timeoutIsDefault: true }
      : { timeoutMs: step.timeoutMs }),
    idempotencyKey: idempotencyKey(draft, place),
    ...(step.class === undefined ? {} : { class: step.class }),
    ...(shard === undefined ? {} : { shard }),
    ...(priority === undefined ? {} : { priority }),
    ...(permissionSets.length === 0 ? {} : { permissionSets }),
    ...(env === undefined ? {} : { env: environment(draft, place, env) }),
    ...(step.cache === undefined ? {} : { cache: cacheWish(draft, place, step.cache) }),
  };
}

/** The input as it is written belongs to the scope: a step that is edited begins anew, whatever its key says. */
function cacheWish(
  draft: Draft,
  place: StepPlace,
  { key, ttlMs, tags = [] }: NonNullable<StepCommon['cache']>,
): CacheWish {
  const { step } = place.node;
  const written = step.kind === 'action' ? step.with : {};
  const { name } = draft.outline.workflow;
  return {
    key: asText(`cache.key of '${place.path}'`, evaluateWhole(draft, place, key)),
    scope: sha256(canonicalJson([name, step.id, written, step.env ?? {}])),
    ttlMs,
    tags,
  };
}

/** It is a name to place by and stands in an index, so it is short. */
const LONGEST_SHARD = 200;

/** Nothing given (an input that is left out) is no shard. */
function shardOf(draft: Draft, place: StepPlace): string | undefined {
  const written = place.node.step.shard;
  if (written === undefined) return undefined;
  const value = evaluateWhole(draft, place, written);
  if (value === null || value === '') return undefined;
  const what = `shard of '${place.path}'`;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new CadreError('invalid_expression', `${what} is ${shortJson(value)}, which is no text or number`, {
      hint: 'name one thing that the step works on, such as ${{ inputs.repository }}',
    });
  }
  const text = String(value);
  if ([...text].length <= LONGEST_SHARD) return text;
  throw new CadreError('invalid_expression', `${what} has more than ${LONGEST_SHARD} characters`, {
    hint: 'make it shorter, for example with hash(…)',
  });
}

function shortJson(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** The same for every attempt: the receiver of a second one can tell that it is the same wish. */
function idempotencyKey(draft: Draft, place: StepPlace): string {
  const written = place.node.step.idempotencyKey;
  if (written === undefined) return `${draft.moment.runId}/${place.path}`;
  return asText(`idempotencyKey of '${place.path}'`, evaluateWhole(draft, place, written));
}

function environment(
  draft: Draft,
  place: StepPlace,
  written: Readonly<Record<string, string>>,
): Record<string, string> {
  const texts = Object.entries(written).map(([name, template]) => {
    return [name, asText(`env.${name} of '${place.path}'`, evaluateWhole(draft, place, template))] as const;
  });
  return Object.fromEntries(texts);
}

function asText(what: string, value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new CadreError('invalid_expression', `${what} is ${JSON.stringify(value)}, which is no text`, {
    hint: 'make it a text, for example with json(…); a secret may only be an input of the action',
  });
}
