import {
  covers,
  decidePermission,
  formatPermission,
  type Permission,
  type PlacedPolicy,
  parsePermission,
  permissionSentence,
  placePermission,
} from '@cadre/core';
import type { Failure } from '@cadre/sdk';
import type { Approver, PermissionAnswer } from '../ports/approver.ts';
import type { Clock } from '../ports/clock.ts';
import type { Grant, GrantStore } from '../ports/grant-store.ts';
import type { AuditLog } from './audit-log.ts';
import { explainLack, type Subject } from './subject.ts';
import { grantCommand, violation } from './violation.ts';

/** The rule of a refusal that lacks nothing but a person who could have been asked. */
export const NOBODY_TO_ASK = 'it needs an answer and there is nobody to ask';

export type Ruling =
  /** `granted`: what was allowed by whoever decided; it may be wider than what was wanted. */
  | { readonly allowed: true; readonly rule: string; readonly granted: Permission }
  | { readonly allowed: false; readonly rule: string; readonly failure: Failure };

export interface Authority {
  /** Decides one concrete wish. Asks a person when no rule and no stored answer says it; of several at once, one by one. */
  decide(subject: Subject, wanted: Permission): Promise<Ruling>;
  /** The same without asking anybody; undefined when somebody would have to be asked. */
  known(subject: Subject, wanted: Permission): Promise<Ruling | undefined>;
}

export interface AuthoritySettings {
  readonly grants: GrantStore;
  readonly approver: Approver;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly policyOf: (subject: Subject) => PlacedPolicy;
}

/**
 * Invariants:
 * 1. Nothing outside of manifest, workflow and step is ever allowed, whatever policy, grants or people say.
 * 2. `deny` in the policy beats everything; a person's stored no beats what the policy allows.
 * 3. A grant counts for its principal, worker and manifest alone: a changed manifest is asked again.
 */
export function createAuthority(settings: AuthoritySettings): Authority {
  let asking: Promise<unknown> = Promise.resolve();

  const settled = async (subject: Subject, wanted: Permission): Promise<Ruling | undefined> => {
    const lack = explainLack(subject, wanted);
    if (lack !== undefined) return refusal(subject, wanted, lack);
    const verdict = decidePermission(settings.policyOf(subject), placePermission(wanted, subject.places));
    if (verdict.decision === 'deny') return refusal(subject, wanted, denied(verdict.rule));
    const answered = await stored(subject, wanted);
    if (answered !== undefined || verdict.decision === 'ask') return answered;
    return { allowed: true, rule: verdict.rule, granted: verdict.permission ?? wanted };
  };

  const stored = async (subject: Subject, wanted: Permission): Promise<Ruling | undefined> => {
    const once = subject.answered.get(formatPermission(wanted));
    if (once !== undefined) return { allowed: true, rule: once, granted: wanted };
    const fitting = (await settings.grants.list(settings.clock.now())).flatMap((grant) =>
      match(grant, subject, wanted),
    );
    const no = fitting.find(({ grant }) => grant.decision === 'deny');
    if (no !== undefined) return refusal(subject, wanted, refusedBy(no.grant));
    const [yes] = fitting;
    return yes && { allowed: true, rule: `grant ${yes.grant.id}`, granted: yes.permission };
  };

  const ask = async (subject: Subject, wanted: Permission): Promise<Ruling> => {
    // Somebody who asked for the same may have been answered while we waited for our turn.
    const meanwhile = await settled(subject, wanted);
    if (meanwhile !== undefined) return meanwhile;
    const { worker, action, call } = subject;
    const { id } = worker.manifest;
    const answer = await settings.approver.askPermission({
      worker: id,
      action: action.name,
      permission: formatPermission(wanted),
      sentence: permissionSentence(id, wanted),
      run: call.run,
      step: call.step,
    });
    await recordAnswer(subject, wanted, answer, settings);
    const howToFix = grantCommand(id, wanted, call.principal);
    if (answer === undefined) {
      return refusal(subject, wanted, { rule: NOBODY_TO_ASK, howToFix });
    }
    if (answer === 'deny')
      return refusal(subject, wanted, { rule: 'a person refused it for this run', howToFix });
    return { allowed: true, rule: `answer ${answer}`, granted: wanted };
  };

  return {
    known: settled,
    async decide(subject, wanted) {
      const known = await settled(subject, wanted);
      if (known !== undefined) return known;
      const turn = asking.then(() => ask(subject, wanted));
      asking = turn.catch(() => {});
      return turn;
    },
  };
}

function match(grant: Grant, { worker, call, places }: Subject, wanted: Permission) {
  const isOurs =
    grant.worker === worker.manifest.id &&
    grant.manifestHash === worker.hash &&
    grant.principal === call.principal &&
    (grant.run === undefined || grant.run === call.run);
  const parsed = parsePermission(grant.permission);
  if (!isOurs || !parsed.ok) return [];
  const { permission } = parsed;
  return covers(placePermission(permission, places), placePermission(wanted, places))
    ? [{ grant, permission }]
    : [];
}

/** `once` holds for the call, `run` and `deny` for the run, `workspace` until it is revoked. */
async function recordAnswer(
  subject: Subject,
  wanted: Permission,
  answer: PermissionAnswer | undefined,
  { grants, clock, audit }: AuthoritySettings,
): Promise<void> {
  const { worker, action, call } = subject;
  const permission = formatPermission(wanted);
  await audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    action: action.name,
    operation: 'ask',
    permission,
    decision: 'asked',
    rule: 'no rule and no grant says it',
    outcome: answer ?? 'nobody to ask',
  });
  if (answer === undefined) return;
  if (answer === 'once') return void subject.answered.set(permission, 'answer once');
  await grants.put({
    id: clock.newId('grant'),
    principal: call.principal,
    worker: worker.manifest.id,
    versions: worker.manifest.version,
    manifestHash: worker.hash,
    permission,
    decision: answer === 'deny' ? 'deny' : 'allow',
    ...(answer === 'workspace' ? {} : { run: call.run }),
    grantedBy: call.principal,
    grantedAt: clock.now(),
  });
}

function refusal(subject: Subject, wanted: Permission, why: { rule: string; howToFix: string }): Ruling {
  return { allowed: false, rule: why.rule, failure: violation(subject.worker.manifest.id, wanted, why) };
}

function denied(rule: string): { rule: string; howToFix: string } {
  return {
    rule,
    howToFix: `take the rule "${rule}" out of the configuration of the workspace (cadre config)`,
  };
}

function refusedBy(grant: Grant): { rule: string; howToFix: string } {
  const when = grant.run === undefined ? 'for this workspace' : 'for this run';
  return { rule: `a person refused it ${when}`, howToFix: `cadre grant revoke ${grant.id}` };
}
