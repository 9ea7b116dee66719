import {
  checkValue,
  covers,
  globCovers,
  type Permission,
  placePermission,
  schemaOutside,
  splitSecret,
  type ValueFault,
} from '@cadre/core';
import { failure, type JsonObject, type Outcome } from '@cadre/sdk';
import type { Confinement } from '../ports/action-runner.ts';
import type { GateObserver } from '../ports/gate.ts';
import type { Tier } from '../ports/sandbox.ts';
import { type Requested, revealSecret } from './answer-request.ts';
import type { CallWay } from './call-way.ts';
import { confine } from './confine.ts';
import type { GateTools } from './gate-tools.ts';
import type { ScratchTree } from './scratch-tree.ts';
import { findMarkers, type MarkedSecret, replaceMarkers } from './secret-marker.ts';
import type { CallStreams } from './streams/open-stream-spool.ts';
import type { Subject } from './subject.ts';
import { violation } from './violation.ts';

/** Everything that a call needs once it may be performed. */
export interface PreparedCall {
  readonly input: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  readonly confinement: Confinement;
  readonly tier: Tier;
  readonly scratch?: ScratchTree;
  /** Streams that it writes, and those that it was given. */
  readonly streams: CallStreams;
  /** Takes away what was made for it; call it when it is over. */
  remove(): Promise<void>;
}

/** validate input → policy and grants: what was allowed, each with the rule that allowed it. */
export async function admitCall(
  way: CallWay,
  { subject, used }: Requested,
  tools: GateTools,
): Promise<Outcome<JsonObject>> {
  const unfit = checkInput(
    subject.call.input,
    subject,
    findMarkers(subject.call.input).map((one) => one.pointer),
  );
  if (!unfit.ok) return unfit;
  const allowed = await authorise(beforeCall(subject, way), subject, tools);
  if (allowed.ok) for (const permission of Object.keys(allowed.output)) used.add(permission);
  return allowed;
}

/** secrets → sandbox → confinement, of a call that was admitted; the first refusal ends it. */
export async function prepareCall(
  way: CallWay,
  requested: Requested,
  observer: GateObserver,
  tools: GateTools,
  /** In a plan: it works on the copy, or looks at that because its caller works on it. */
  isOnCopy: boolean,
): Promise<Outcome<PreparedCall>> {
  const { subject } = requested;
  const input = await fillSecrets(way, requested);
  if (!input.ok) return input;
  const tier = await tools.checkSandbox(subject, observer);
  if (!tier.ok) return tier;
  const scratch = isOnCopy ? await tools.scratch.open(subject.call.root ?? subject.call.run) : undefined;
  if (scratch?.ok === false) return scratch;
  const confinement = await confineCall(way, subject, scratch?.output, tools);
  if (!confinement.ok) return confinement;
  const { call } = subject;
  const streams = tools.streams.placeFor(call.root ?? call.run, input.output, call.given?.streams);
  const given = await tools.given.put(subject, input.output, streams.place);
  if (!given.ok) return given;
  return {
    ok: true,
    output: {
      input: given.output.input,
      remove: given.output.remove,
      streams,
      env: { ...grantedEnvironment(subject, way, tools), ...subject.call.env },
      confinement: confinement.output,
      tier: tier.output,
      ...(scratch === undefined ? {} : { scratch: scratch.output }),
    },
  };
}

/** A secret is not there yet; what a schema says of its place is checked when it is. */
function checkInput(input: JsonObject, { action }: Subject, without: readonly string[]): Outcome<true> {
  const faults = valueFaults(schemaOutside(action.input), input).filter(
    ({ pointer }) => !without.some((secret) => pointer === secret || pointer.startsWith(`${secret}/`)),
  );
  if (faults.length === 0) return { ok: true, output: true };
  const list = faults.map(({ pointer, message }) => `${pointer || 'the input'}: ${message}`).join(' ');
  return {
    ok: false,
    failure: failure('invalid_input', `the input of ${action.name} does not fit its schema. ${list}`, {
      hint: 'see the schema of the action: cadre worker list --json',
      details: { faults: faults.map((fault) => ({ ...fault })) },
    }),
  };
}

export function valueFaults(
  schema: JsonObject,
  value: Parameters<typeof checkValue>[1],
): readonly ValueFault[] {
  try {
    return checkValue(schema, value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ pointer: '', message: `the schema in the manifest cannot be used: ${reason}` }];
  }
}

/** What must be decided before the worker starts: what it sees of the machine. The rest is decided when it is used. */
export function beforeCall(subject: Subject, way: CallWay): readonly Permission[] {
  const files = subject.effective.filter(({ type }) => type.startsWith('fs:'));
  const own: Permission = { type: 'fs:write', scope: subject.places.data };
  const asked = files.filter((one) => !covers(own, placePermission(one, subject.places)));
  if (way === 'apply') return [...asked, ...subject.effective.filter(({ type }) => type === 'env')];
  return asked.map(({ scope }) => ({ type: 'fs:read', scope }));
}

async function authorise(
  wanted: readonly Permission[],
  subject: Subject,
  { authority }: GateTools,
): Promise<Outcome<JsonObject>> {
  const rules: [string, string][] = [];
  for (const permission of wanted) {
    const ruling = await authority.decide(subject, permission);
    if (!ruling.allowed) return { ok: false, failure: ruling.failure };
    rules.push([`${permission.type}:${permission.scope}`, ruling.rule]);
  }
  return { ok: true, output: Object.fromEntries(rules) };
}

/** In a plan a secret stays a name; one that the worker may only refer to stays a reference. */
async function fillSecrets(way: CallWay, requested: Requested): Promise<Outcome<JsonObject>> {
  const { call } = requested.subject;
  const markers = findMarkers(call.input);
  const isReference = ({ name }: MarkedSecret) => isBoundOnly(name, requested.subject);
  const names = [...new Set(markers.filter((one) => !isReference(one)).map(({ name }) => name))];
  const values = new Map<string, string>();
  for (const name of names) {
    const value =
      way === 'apply' ? await revealSecret(name, requested) : { ok: true as const, output: `secret:${name}` };
    if (!value.ok) return value;
    values.set(name, value.output);
  }
  const input = replaceMarkers(call.input, (name) => values.get(name));
  const kept = markers.filter(isReference).map(({ pointer }) => pointer);
  const unfit = way === 'apply' ? checkInput(input, requested.subject, kept) : { ok: true as const };
  return unfit.ok ? { ok: true, output: input } : unfit;
}

/** It may have it put into requests to some host, and may not see it. */
function isBoundOnly(name: string, { effective }: Subject): boolean {
  const secrets = effective.filter(({ type }) => type === 'secret');
  return (
    secrets.some(({ scope }) => globCovers(splitSecret(scope).name, name)) &&
    !secrets.some((one) => covers(one, { type: 'secret', scope: name }))
  );
}

export async function confineCall(
  way: CallWay,
  subject: Subject,
  scratch: ScratchTree | undefined,
  tools: GateTools,
): Promise<Outcome<Confinement>> {
  const given = await tools.given.folderFor(subject);
  const confinement = await confine({
    subject,
    files: subject.effective.filter(({ type }) => type.startsWith('fs:')),
    policy: tools.policyOf(subject),
    hidden: tools.hidden,
    ...(given === undefined ? {} : { given }),
    ...(way === 'apply' ? {} : { plan: scratch === undefined ? {} : { scratch: scratch.root } }),
  });
  if (!('permission' in confinement)) return { ok: true, output: confinement };
  const { permission, reason } = confinement;
  const why = { rule: reason, fix: 'grant the place itself by its absolute path, without links' };
  return {
    ok: false,
    failure: violation(
      subject.worker.manifest.id,
      permission,
      placePermission(permission, subject.places).scope,
      why,
    ),
  };
}

export function grantedEnvironment(
  { effective }: Subject,
  way: CallWay,
  { environment }: GateTools,
): Readonly<Record<string, string>> {
  const patterns = way === 'apply' ? effective.filter(({ type }) => type === 'env') : [];
  if (patterns.length === 0) return {};
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && patterns.some(({ scope }) => globCovers(scope, name)) ? [[name, value]] : [],
    ),
  );
}
