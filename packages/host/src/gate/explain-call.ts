import { homedir } from 'node:os';
import { join } from 'node:path';
import { formatPermission, intersect, type Permission, placePolicy, policyFor } from '@cadre/core';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { Grant } from '../ports/grant-store.ts';
import { createAuthority } from './authority.ts';
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

  return async ({ uses, principal, callers }) => {
    const { worker, action } = runner.resolve(uses);
    const { manifest } = worker;
    const call = callOf(uses, principal, callers);
    const places = { workspace, home, data: join(dataDir, 'workers', manifest.id) };
    const subject = describeSubject({ worker, action }, call, places);
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
      ],
      within: subject.effective.map(formatPermission),
      grants: its,
      decisions,
    };
  };

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
    const fix = permission.includes('*')
      ? {}
      : { fix: grantCommand(subject.worker.manifest.id, wanted, subject.call.principal) };
    return parts.length === 0
      ? { permission, decision: 'asked', rule: 'no rule and no grant says it', ...fix }
      : { permission, decision: 'partly', rule: 'grants allow a part of it', ...fix, parts };
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
