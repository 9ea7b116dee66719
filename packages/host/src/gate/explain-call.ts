import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  formatPermission,
  intersect,
  nameAmongVersions,
  type Permission,
  placePolicy,
  policyFor,
} from '@cadre/core';
import type { Failure } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { Grant } from '../ports/grant-store.ts';
import { createAuthority } from './authority.ts';
import { admitAction } from './calls/admit-action.ts';
import { chainOf, nameOfAction } from './calls/chain.ts';
import type { GateSettings } from './gate-settings.ts';
import { describeSubject, originOf, readPermissions, type Subject } from './subject.ts';
import { grantCommand } from './violation.ts';

/** What narrows a call besides its worker, from the outside in: the caller, the workflow, the step. */
export interface NamedSet {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** What one call may do, and by what: everything that is put together when it is made. */
export interface CallExplanation {
  readonly worker: string;
  readonly version: string;
  readonly origin: ReturnType<typeof originOf>;
  readonly principal: string;
  readonly sets: readonly NamedSet[];
  /** The most that it may ever be allowed: what every set allows. */
  readonly within: readonly string[];
  readonly grants: readonly Grant[];
  readonly decisions: readonly ExplainedPermission[];
  /** Whatever it may do: one of those that call it may not call. */
  readonly refused?: Failure;
}

export interface ExplainedPermission {
  readonly permission: string;
  /** `partly`: not as a whole; what is allowed of it stands in `parts`. */
  readonly decision: 'allowed' | 'denied' | 'asked' | 'partly';
  readonly rule: string;
  readonly fix?: string;
  readonly grant?: string;
  readonly parts?: readonly { readonly permission: string; readonly grant: string }[];
}

export interface ExplainRequest {
  readonly uses: string;
  readonly principal: string;
  readonly callers: readonly NamedSet[];
  /** Actions that call it, each by the one before it. */
  readonly through?: readonly string[];
}

/** Says what a call may do, without making it, without asking anybody, and without a record. */
export function openExplainer(settings: GateSettings): (request: ExplainRequest) => Promise<CallExplanation> {
  const { runner, workspace, dataDir, environment, grants, clock } = settings;
  const home = environment['HOME'] ?? homedir();
  const authority = createAuthority({
    ...settings,
    audit: { record: async () => undefined },
    policyOf: ({ worker, places }) => placePolicy(policyFor(worker, settings.policy), places),
  });

  const describe = (
    uses: string,
    { principal, callers }: Pick<ExplainRequest, 'principal' | 'callers'>,
    caller: Subject | undefined,
  ) => {
    const called = caller && calledBy(uses, caller);
    // In the version that its caller wants, unless another one is asked about.
    const found = called?.ok === true && !uses.includes('@') ? called.output : runner.resolve(uses);
    const places = { workspace, home, data: join(dataDir, 'workers', found.worker.manifest.id) };
    return describeSubject(found, callOf(uses, principal, callers), places, caller);
  };

  return async ({ uses, principal, callers, through = [] }) => {
    let caller: Subject | undefined;
    let refused: Failure | undefined;
    for (const one of through) {
      refused ??= caller && refusalOf(one, caller);
      caller = describe(one, { principal, callers }, caller);
    }
    refused ??= caller && refusalOf(uses, caller);
    const subject = describe(uses, { principal, callers }, caller);
    const { worker, action } = subject;
    const { manifest } = worker;
    const above = caller === undefined ? [] : chainOf(caller);
    const its = (await grants.list(clock.now())).filter((grant) => isIts(grant, worker, principal, subject));
    const decisions: ExplainedPermission[] = [];
    for (const permission of subject.effective) decisions.push(await explain(subject, permission, its));
    return {
      worker: manifest.id,
      version: manifest.version,
      origin: originOf(worker, workspace),
      principal,
      sets: [
        { name: 'manifest', permissions: manifest.permissions },
        ...(action.permissions === undefined ? [] : [{ name: 'action', permissions: action.permissions }]),
        ...callers,
        ...above.map((one) => ({
          name: nameOfAction(one),
          permissions: one.effective.map(formatPermission),
        })),
      ],
      within: subject.effective.map(formatPermission),
      grants: its,
      decisions,
      ...(refused === undefined ? {} : { refused }),
    };
  };

  /** What an action would call, or why it may not call it at all. */
  function calledBy(uses: string, caller: Subject): ReturnType<typeof admitAction> {
    const [name = uses] = uses.split('@');
    const asked = { kind: 'call', uses: name, input: {} } as const;
    return admitAction(asked, caller, { runner, streams: { has: () => true } });
  }

  function refusalOf(uses: string, caller: Subject): Failure | undefined {
    const called = calledBy(uses, caller);
    return called.ok ? undefined : called.failure;
  }

  async function explain(
    subject: Subject,
    wanted: Permission,
    its: readonly Grant[],
  ): Promise<ExplainedPermission> {
    const permission = formatPermission(wanted);
    const known = await authority.known(subject, wanted);
    if (known !== undefined) {
      const { allowed, rule, grant } = known;
      return {
        permission,
        decision: allowed ? 'allowed' : 'denied',
        rule,
        ...(known.allowed ? {} : { fix: known.fix }),
        ...(grant === undefined ? {} : { grant }),
      };
    }
    const parts = its.flatMap((grant) =>
      grant.decision === 'allow'
        ? intersect([[wanted], readPermissions([grant.permission])]).map((one) => ({
            permission: formatPermission(one),
            grant: grant.id,
          }))
        : [],
    );
    // Of a pattern each one is asked for by itself when it is used: nobody is told to grant all of it.
    const asked = await whoIsAsked(subject, wanted);
    const fix = permission.includes('*')
      ? {}
      : { fix: grantCommand(nameAmongVersions(asked.worker, runner.list()), wanted, subject.call.principal) };
    return parts.length === 0
      ? { permission, decision: 'asked', rule: 'no rule and no grant says it', ...fix }
      : { permission, decision: 'partly', rule: 'grants allow a part of it', ...fix, parts };
  }

  /** The first of those who call one another for whom somebody would have to be asked. */
  async function whoIsAsked(subject: Subject, wanted: Permission): Promise<Subject> {
    for (const one of chainOf(subject)) {
      if ((await authority.known(one, wanted)) === undefined) return one;
    }
    return subject;
  }
}

function isIts(grant: Grant, worker: InstalledWorker, principal: string, { places }: Subject): boolean {
  return (
    grant.worker === worker.manifest.id &&
    grant.manifestHash === worker.hash &&
    grant.principal === principal &&
    grant.run === undefined &&
    (grant.everywhere !== true || originOf(worker, places.workspace) !== 'workspace')
  );
}

function callOf(uses: string, principal: string, callers: readonly NamedSet[]): Subject['call'] {
  return {
    uses,
    input: {},
    mode: 'apply',
    principal,
    run: '',
    step: '',
    attempt: 1,
    idempotencyKey: '',
    permissionSets: callers.map(({ permissions }) => permissions),
    env: {},
  };
}
