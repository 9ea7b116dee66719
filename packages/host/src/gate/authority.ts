import {
  covers,
  decidePermission,
  formatPermission,
  nameAmongVersions,
  type Permission,
  type PlacedPolicy,
  parsePermission,
  permissionSentence,
  placePermission,
} from '@cadre/core';
import type { Failure, JsonObject } from '@cadre/sdk';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { Approver, PermissionAnswer } from '../ports/approver.ts';
import type { Clock } from '../ports/clock.ts';
import type { Grant, GrantStore } from '../ports/grant-store.ts';
import type { AuditLog } from './audit-log.ts';
import { callersOf, chainOf, namesIn } from './calls/chain.ts';
import { lapsedGrant } from './lapsed-grant.ts';
import { matchGrant } from './match-grant.ts';
import { explainLack, inChain, originOf, type Subject } from './subject.ts';
import { grantCommand, type Refusal, violation } from './violation.ts';

/** The rule of a refusal that lacks nothing but a person who could have been asked. */
export const NOBODY_TO_ASK = 'it needs an answer and there is nobody to ask';

const CHANGED = 'its manifest or code has changed since';

export type Ruling =
  /** `granted`: what was allowed by whoever decided; it may be wider than what was wanted. */
  | { readonly allowed: true; readonly rule: string; readonly granted: Permission; readonly grant?: string }
  | {
      readonly allowed: false;
      readonly rule: string;
      readonly failure: Failure;
      readonly grant?: string;
      readonly fix: string;
    };

export interface Authority {
  /**
   * Decides one concrete wish. Asks a person when no rule and no stored answer says it; of several at once, one by one.
   * `target`: what exactly is to be reached, as a person is told; default: the place that is wanted.
   */
  decide(subject: Subject, wanted: Permission, target?: string): Promise<Ruling>;
  /** The same without asking anybody; undefined when somebody would have to be asked. */
  known(subject: Subject, wanted: Permission): Promise<Ruling | undefined>;
}

export interface AuthoritySettings {
  readonly grants: GrantStore;
  readonly approver: Approver;
  readonly clock: Clock;
  /** Says which versions of a worker there are. */
  readonly runner: Pick<ActionRunner, 'list'>;
  readonly audit: AuditLog;
  readonly policyOf: (subject: Subject) => PlacedPolicy;
}

/**
 * Invariants:
 * 1. Nothing outside of manifest, workflow and step is ever allowed, whatever policy, grants or people say.
 * 2. `deny` in the policy beats everything; a person's stored no beats what the policy allows.
 * 3. A grant counts for its principal and worker as it was agreed to: a changed manifest, and changed code of sources, is asked again.
 * 4. A grant for every workspace counts for no worker whose code lies in the workspace: any repository could bring one of that name.
 * 5. Where actions call one another, each of them must be allowed it, from the outermost on: who calls gains nothing by it.
 * 6. What is stored is read for each wish: what was taken back, or is over, allows nothing more, whoever took it back.
 */
export function createAuthority(settings: AuthoritySettings): Authority {
  const { grants, clock, runner } = settings;
  let asking: Promise<unknown> = Promise.resolve();

  const settled = async (
    subject: Subject,
    wanted: Permission,
    target: string,
  ): Promise<Ruling | undefined> => {
    const lack = explainLack(subject, wanted);
    if (lack !== undefined) return refusal(subject, wanted, target, lack);
    const verdict = decidePermission(settings.policyOf(subject), placePermission(wanted, subject.places));
    if (verdict.decision === 'deny') return refusal(subject, wanted, target, denied(verdict.rule));
    const answered = await stored(subject, wanted, target);
    if (answered !== undefined || verdict.decision === 'ask') return answered;
    return { allowed: true, rule: verdict.rule, granted: verdict.permission ?? wanted };
  };

  const stored = async (
    subject: Subject,
    wanted: Permission,
    target: string,
  ): Promise<Ruling | undefined> => {
    const once = answeredBefore(subject, wanted);
    if (once !== undefined) return { allowed: true, rule: once, granted: wanted };
    const fitting = (await grants.list(clock.now())).flatMap((grant) => matchGrant(grant, subject, wanted));
    const no = fitting.find(({ grant }) => grant.decision === 'deny');
    if (no !== undefined) return refusal(subject, wanted, target, refusedBy(no.grant));
    const [yes] = fitting;
    return (
      yes && { allowed: true, rule: `grant ${yes.grant.id}`, grant: yes.grant.id, granted: yes.permission }
    );
  };

  const ask = async (
    subject: Subject,
    wanted: Permission,
    target: string,
    chain: readonly Subject[],
  ): Promise<Ruling> => {
    // Somebody who asked for the same may have been answered while we waited for our turn.
    const meanwhile = await settled(subject, wanted, target);
    if (meanwhile !== undefined) return meanwhile;
    const { worker, action, call } = subject;
    const { id, version } = worker.manifest;
    const origin = originOf(worker, subject.places.workspace);
    const installed = runner.list();
    const before = lapsedGrant(await grants.list(clock.now()), installed, subject, wanted);
    const answer = await settings.approver.askPermission({
      worker: id,
      action: action.name,
      permission: formatPermission(wanted),
      sentence: permissionSentence(id, wanted),
      run: call.run,
      step: call.step,
      version,
      origin,
      target,
      mayAlways: origin !== 'workspace',
      ...(before === undefined ? {} : { changedSince: before.grantedAt }),
      ...(chain.length > 1 ? { chain: namesIn(chain) } : {}),
    });
    const grant = await recordAnswer(subject, wanted, target, answer, settings);
    const fix = grantCommand(nameAmongVersions(worker, installed), wanted, call.principal);
    if (answer === undefined) {
      const rule = before === undefined ? NOBODY_TO_ASK : `${NOBODY_TO_ASK}; ${CHANGED} grant ${before.id}`;
      return refusal(subject, wanted, target, { rule, fix });
    }
    if (answer === 'deny')
      return refusal(subject, wanted, target, {
        rule: 'a person refused it for this run',
        fix,
        ...(grant === undefined ? {} : { grant }),
      });
    return {
      allowed: true,
      rule: `answer ${answer}`,
      granted: wanted,
      ...(grant === undefined ? {} : { grant }),
    };
  };

  const decideOne = async (
    subject: Subject,
    wanted: Permission,
    target: string,
    chain: readonly Subject[],
  ): Promise<Ruling> => {
    const known = await settled(subject, wanted, target);
    if (known !== undefined) return known;
    const turn = asking.then(() => ask(subject, wanted, target, chain));
    asking = turn.catch(() => {});
    return turn;
  };

  return {
    async known(subject, wanted) {
      const target = targetOf(subject, wanted);
      const rulings: (Ruling | undefined)[] = [];
      for (const one of chainOf(subject)) rulings.push(await settled(one, wanted, target));
      const refused = rulings.findIndex((ruling) => ruling?.allowed === false);
      if (refused >= 0) return ofChain(chainOf(subject), refused, rulings[refused] as Ruling);
      return rulings.includes(undefined) ? undefined : strictest(rulings as Ruling[]);
    },
    async decide(subject, wanted, target = targetOf(subject, wanted)) {
      const chain = chainOf(subject);
      // What can never be allowed is refused before anybody is asked about a part of it.
      const lack = explainLack(subject, wanted);
      if (lack !== undefined) return refusal(subject, wanted, target, lack);
      const rulings: Ruling[] = [];
      for (const [index, one] of chain.entries()) {
        const ruling = await decideOne(one, wanted, target, chain);
        if (!ruling.allowed) return ofChain(chain, index, ruling);
        rulings.push(ruling);
      }
      return strictest(rulings);
    },
  };
}

/** A refusal of somebody above says of whom it is; what has to be done about it stays. */
function ofChain(chain: readonly Subject[], index: number, ruling: Ruling): Ruling {
  const refused = chain[index];
  if (ruling.allowed || refused === undefined || index === chain.length - 1) return ruling;
  const rule = inChain(refused, ruling.rule);
  const { failure } = ruling;
  const details = { ...(failure.details as JsonObject), rule };
  return { ...ruling, rule, failure: { ...failure, details } };
}

/** That of the one who is called, unless one above was allowed a pattern only, which is worth less than a name. */
function strictest(rulings: readonly Ruling[]): Ruling {
  const isPattern = (ruling: Ruling) => ruling.allowed && ruling.granted.scope.includes('*');
  return (rulings.find(isPattern) ?? rulings.at(-1)) as Ruling;
}

/** An answer for a whole holds for its parts. */
function answeredBefore({ answered, places }: Subject, wanted: Permission): string | undefined {
  const exact = answered.get(formatPermission(wanted));
  if (exact !== undefined || answered.size === 0) return exact;
  for (const [text, rule] of answered) {
    const parsed = parsePermission(text);
    if (!parsed.ok) continue;
    if (covers(placePermission(parsed.permission, places), placePermission(wanted, places))) return rule;
  }
  return undefined;
}

/** `once` holds for the call, `run` and `deny` for the run, the others until they are revoked. Answers the id of what is stored. */
async function recordAnswer(
  subject: Subject,
  wanted: Permission,
  target: string,
  answer: PermissionAnswer | undefined,
  { grants, clock, audit }: AuthoritySettings,
): Promise<string | undefined> {
  const { worker, action, call } = subject;
  const permission = formatPermission(wanted);
  const id = answer === undefined || answer === 'once' ? undefined : clock.newId('grant');
  await audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    version: worker.manifest.version,
    action: action.name,
    operation: 'ask',
    permission,
    target,
    decision: 'asked',
    ...(id === undefined ? {} : { grant: id }),
    rule: 'no rule and no grant says it',
    outcome: answer ?? 'nobody to ask',
    ...(subject.caller === undefined ? {} : { details: callersOf(subject) as JsonObject }),
  });
  if (answer === 'once') subject.answered.set(permission, 'answer once');
  if (id === undefined) return undefined;
  await grants.put({
    id,
    principal: call.principal,
    worker: worker.manifest.id,
    versions: worker.manifest.version,
    manifestHash: worker.hash,
    permission,
    decision: answer === 'deny' ? 'deny' : 'allow',
    ...(answer === 'run' || answer === 'deny' ? { run: call.run } : {}),
    ...(answer === 'always' ? { everywhere: true as const } : {}),
    grantedBy: call.principal,
    grantedAt: clock.now(),
  });
  return id;
}

function refusal(subject: Subject, wanted: Permission, target: string, why: Refusal): Ruling {
  const { rule, fix, grant } = why;
  return {
    allowed: false,
    rule,
    fix,
    ...(grant === undefined ? {} : { grant }),
    failure: violation(subject.worker.manifest.id, wanted, target, why),
  };
}

/** The place itself on this machine, of files; of all else what the permission says. */
function targetOf({ places }: Subject, wanted: Permission): string {
  return placePermission(wanted, places).scope;
}

function denied(rule: string): Refusal {
  return { rule, fix: `take the rule "${rule}" out of the configuration of the workspace (cadre config)` };
}

function refusedBy(grant: Grant): Refusal {
  const when = grant.run === undefined ? 'for this workspace' : 'for this run';
  return { rule: `a person refused it ${when}`, fix: `cadre grant revoke ${grant.id}`, grant: grant.id };
}
