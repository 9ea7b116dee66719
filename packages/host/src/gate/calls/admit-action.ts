import { createHash } from 'node:crypto';
import { canonicalJson, isCadreError, mayCall, rangeFor, unownedEffects, versionToCall } from '@cadre/core';
import { type CalledAction, type Failure, failure, type Outcome } from '@cadre/sdk';
import type { ActionRunner } from '../../ports/action-runner.ts';
import type { GateCall } from '../../ports/gate.ts';
import type { CallStreams } from '../streams/open-stream-spool.ts';
import { handlesIn } from '../streams/open-stream-spool.ts';
import type { Subject } from '../subject.ts';
import type { Refusal, Violation } from '../violation.ts';
import { chainOf, nameOfAction } from './chain.ts';

/** So many actions may stand in one chain, that of the step counted. */
export const MOST_DEEP = 8;

export type FoundAction = ReturnType<ActionRunner['resolve']>;

const USES = /^([a-z][a-z0-9-]{1,49})\/([a-z][a-z0-9-]{0,49})$/;

/**
 * Whether an action may call another one at all, before anything is decided of what that one needs: it said so, nothing goes in a circle, and
 * whoever looks at the caller knows what comes of it.
 */
export function admitAction(
  { uses, input }: CalledAction,
  caller: Subject,
  {
    runner,
    streams,
  }: { readonly runner: Pick<ActionRunner, 'resolve'>; readonly streams: Pick<CallStreams, 'has'> },
): Outcome<FoundAction> {
  const [, id] = USES.exec(uses) ?? [];
  if (id === undefined) {
    const text = `${JSON.stringify(uses)}, which ${nameOfAction(caller)} wants to call, does not name an action`;
    const hint =
      'write worker/action, for example git/status; its version stands under dependencies of worker.yaml';
    return { ok: false, failure: failure('invalid_input', text, { hint }) };
  }
  const wrong = undeclared(uses, caller) ?? misplaced(uses, caller);
  if (wrong !== undefined) return { ok: false, failure: refusedCall(uses, caller, wrong) };
  const found = find(uses, id, caller, runner);
  if (!found.ok) return found;
  const hidden = unowned(found.output, caller) ?? strange(input, streams);
  return hidden === undefined ? found : { ok: false, failure: refusedCall(uses, caller, hidden) };
}

function undeclared(uses: string, { worker, action }: Subject): Refusal | undefined {
  if (mayCall(action, uses)) return undefined;
  const { id } = worker.manifest;
  return {
    rule: `the manifest of ${id} does not say that ${action.name} calls it`,
    fix: `add "${uses}" to calls of the action ${action.name} in worker.yaml of ${id}`,
  };
}

function misplaced(uses: string, caller: Subject): Refusal | undefined {
  const names = chainOf(caller).map(nameOfAction);
  const chain = [...names, uses].join(' → ');
  if (names.includes(uses)) {
    return {
      rule: `it goes in a circle: ${chain}`,
      fix: 'do what is wanted of it in an action that calls nobody',
    };
  }
  if (names.length < MOST_DEEP) return undefined;
  return {
    rule: `no more than ${MOST_DEEP} actions call one another: ${chain}`,
    fix: 'make steps of them, which can be as many as you want',
  };
}

/** In the version that the run keeps, if that is one that the caller can work with. */
function find(
  uses: string,
  id: string,
  { worker, call }: Subject,
  runner: Pick<ActionRunner, 'resolve'>,
): Outcome<FoundAction> {
  const { manifest } = worker;
  const own = id === manifest.id ? manifest.version : undefined;
  const version = own ?? versionToCall(rangeFor(id, manifest), call.workers?.[id]);
  try {
    return { ok: true, output: runner.resolve(version === undefined ? uses : `${uses}@${version}`) };
  } catch (error) {
    if (!isCadreError(error)) throw error;
    const { code, message, hint } = error;
    return { ok: false, failure: failure(code, message, hint === undefined ? {} : { hint }) };
  }
}

function unowned(
  { action: called, worker }: FoundAction,
  { worker: by, action }: Subject,
): Refusal | undefined {
  const effects = unownedEffects(action, called);
  if (effects.length === 0) return undefined;
  const list = effects.join(', ');
  const { id } = by.manifest;
  return {
    rule: `${worker.manifest.id}/${called.name} may ${list}, and ${id}/${action.name} does not say that it may`,
    fix: `add ${list} to effects of the action ${action.name} in worker.yaml of ${id}`,
  };
}

/** Whoever knows the name of a stream could otherwise have others read it. */
function strange(input: CalledAction['input'], streams: Pick<CallStreams, 'has'>): Refusal | undefined {
  const unknown = handlesIn(input).find(({ $stream }) => !streams.has($stream));
  if (unknown === undefined) return undefined;
  return {
    rule: `the stream ${JSON.stringify(unknown.$stream)} was not given to the caller itself`,
    fix: 'hand on only streams of its own input, of its own making, or of actions that it called',
  };
}

/** In the shape of every refusal. */
export function refusedCall(uses: string, caller: Subject, why: Refusal): Failure {
  const details: Violation = { permission: `call:${uses}`, target: uses, ...why };
  return failure('denied', `${nameOfAction(caller)} wants to call ${uses}, which was refused: ${why.rule}`, {
    hint: why.fix,
    details: { ...details },
  });
}

/**
 * How often a call was made that is the same, so that the keys of the same calls are the same, in whatever order they are made. By a digest: an
 * input can be large, and each stays known until the caller has ended.
 */
export type Repeats = Map<string, number>;

/** The call as the one of whom it is a part is: what that was given is narrowed and never widened. */
export function callWithin(
  { call, action }: Subject,
  { uses, input }: CalledAction,
  repeats: Repeats,
): GateCall {
  const same = `${uses} ${canonicalJson(input)}`;
  const digest = digestOf(same);
  const number = (repeats.get(digest) ?? 0) + 1;
  repeats.set(digest, number);
  const names = new Set(handlesIn(input).map(({ $stream }) => $stream));
  const streams = [...(call.given?.streams ?? [])].filter(([name]) => names.has(name));
  const { given: _given, cache: _cache, shard: _shard, ...kept } = call;
  return {
    ...kept,
    uses,
    input,
    // What a step sets is for its own action.
    env: {},
    idempotencyKey: keyOf([call.idempotencyKey, action.name, same, number]),
    ...(streams.length === 0 ? {} : { given: { files: new Map(), streams: new Map(streams) } }),
  };
}

function keyOf(parts: readonly (string | number)[]): string {
  return `call_${digestOf(JSON.stringify(parts))}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
