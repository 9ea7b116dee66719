import { type Permission, parsePermission, splitHost } from '@cadre/core';
import { failure, type Outcome } from '@cadre/sdk';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { Requested } from './answer-request.ts';
import type { Ruling } from './authority.ts';
import { resolveAddress } from './resolve-address.ts';
import { type Refusal, violation } from './violation.ts';

/** Arguments can be as long as the system permits; the record keeps their beginning. No wish that could be granted names more. */
export const RECORDED_LENGTH = 1_000;

/** Whoever asks for something chooses its name, and may put a secret into it. */
function recorded(text: string, mask: Requested['mask']): string {
  return mask.text(text).slice(0, RECORDED_LENGTH);
}

/** The value of a secret that may be used; from now on it is masked. */
export async function findSecret(name: string, given: Requested): Promise<Outcome<string>> {
  const value = await given.secrets.find(name);
  if (value === undefined) {
    return {
      ok: false,
      failure: failure('not_found', `there is no secret ${name}`, {
        hint: `give it a value: the variable CADRE_SECRET_${name} of the process of Cadre`,
      }),
    };
  }
  given.mask.add(value);
  return { ok: true, output: value };
}

/** The address of a host that may be reached. */
export async function askForHost(
  host: string,
  port: number,
  operation: string,
  given: Requested,
): Promise<Outcome<string>> {
  const target = `${host.replace(/\.$/, '')}:${port}`;
  if (given.isPlan)
    return refuse(`net:${target}`, operation, target, given, inPlan('does not use the network'));
  const ruling = await rule(`net:${target}`, operation, target, given);
  if (!ruling.allowed) return { ok: false, failure: ruling.failure };
  const address = await resolveAddress(host, !splitHost(ruling.granted.scope).host.includes('*'));
  if (address.ok || address.failure.code !== 'denied') return address;
  const { message, hint = 'grant the host by its exact name' } = address.failure;
  return refuse(`net:${target}`, operation, target, given, { rule: message, fix: hint });
}

type Ruled =
  | Ruling
  | {
      readonly allowed: false;
      readonly failure: ReturnType<typeof failure>;
      readonly rule: string;
      readonly grant?: never;
      readonly fix?: never;
    };

export function inPlan(what: string): Refusal {
  return { rule: `a plan ${what}`, fix: 'run it for real: --yes instead of --plan' };
}

/** What no rule and no person is asked about, in the shape of every refusal and recorded like one. */
export async function refuse(
  text: string,
  operation: string,
  target: string,
  given: Requested,
  why: Refusal,
): Promise<{ readonly ok: false; readonly failure: ReturnType<typeof failure> }> {
  const permission = readConcrete(text);
  const { id } = given.subject.worker.manifest;
  const refused =
    permission === undefined ? unreadable(target) : violation(id, permission, given.mask.text(target), why);
  await note(text, operation, target, given, { allowed: false, failure: refused, ...why });
  return { ok: false, failure: refused };
}

export async function rule(
  text: string,
  operation: string,
  target: string,
  given: Requested,
): Promise<Ruled> {
  const { subject, authority, mask, used } = given;
  const wanted = readConcrete(text);
  const ruling: Ruled =
    wanted === undefined
      ? {
          allowed: false,
          rule: 'invalid',
          failure: unreadable(target),
        }
      : await authority.decide(subject, wanted, mask.text(target));
  if (ruling.allowed) used.add(text);
  await note(text, operation, target, given, ruling);
  return ruling;
}

async function note(
  text: string,
  operation: string,
  target: string,
  { subject, audit, mask }: Requested,
  ruling: Ruled | ({ readonly allowed: false; readonly failure: ReturnType<typeof failure> } & Refusal),
): Promise<void> {
  await audit.record({
    principal: subject.call.principal,
    run: subject.call.run,
    step: subject.call.step,
    worker: subject.worker.manifest.id,
    version: subject.worker.manifest.version,
    action: subject.action.name,
    operation,
    permission: recorded(text, mask),
    target: recorded(target, mask),
    decision: ruling.allowed ? 'allowed' : 'denied',
    rule: recorded(ruling.rule, mask),
    ...(ruling.grant === undefined ? {} : { grant: ruling.grant }),
    ...(ruling.allowed || ruling.fix === undefined ? {} : { fix: recorded(ruling.fix, mask) }),
  });
}

export function record(
  permission: string | undefined,
  operation: string,
  target: string,
  { subject: { worker, action, call }, audit, mask }: Requested,
  what: Pick<AuditEntry, 'decision' | 'rule' | 'outcome'>,
): Promise<void> {
  return audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    action: action.name,
    operation,
    ...(permission === undefined ? {} : { permission: recorded(permission, mask) }),
    target: recorded(target, mask),
    ...what,
    rule: recorded(what.rule, mask),
  });
}

function unreadable(target: string): ReturnType<typeof failure> {
  return failure('invalid_input', `${target.slice(0, RECORDED_LENGTH)} cannot be asked for`);
}

/** A wish names one thing; a pattern would get an answer for more than was shown to whoever answered. */
function readConcrete(text: string): Permission | undefined {
  if (text.length > RECORDED_LENGTH) return undefined;
  const parsed = parsePermission(text);
  return parsed.ok && !parsed.permission.scope.includes('*') ? parsed.permission : undefined;
}
