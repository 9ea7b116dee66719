import { CadreError } from '../errors.ts';
import type { Places } from './path-scope.ts';
import { covers, type Permission, parsePermission, placePermission } from './permission.ts';

/** Rules as data. `deny` beats `ask`, `ask` beats `allow`; what no rule names is asked. */
export interface Policy {
  readonly allow: readonly string[];
  readonly ask: readonly string[];
  readonly deny: readonly string[];
}

export type Decision = 'allow' | 'ask' | 'deny';

export interface Verdict {
  readonly decision: Decision;
  /** The rule that decided, as it was written: `policy.allow fs:read:.`. */
  readonly rule: string;
  /** What that rule names; absent when no rule decided. */
  readonly permission?: Permission;
}

/** The rules of a policy with their paths placed on this machine. */
export type PlacedPolicy = readonly {
  readonly decision: Decision;
  readonly rule: string;
  readonly permission: Permission;
}[];

/**
 * What a worker in the box may do without being asked: work on the files of the workspace with the tools that its
 * manifest names. Everything else (network, secrets, environment, other folders) is asked, since no rule names it.
 */
const BUILT_IN_ALLOWS = ['fs:read:.', 'fs:write:.', 'shell:*'];

/** The rules that hold for a worker: the person's own and, for one in the box, those that come with it. */
export function policyFor(worker: { readonly builtIn: boolean }, own: Policy): Policy {
  return worker.builtIn ? { ...own, allow: [...own.allow, ...BUILT_IN_ALLOWS] } : own;
}

/** Throws CadreError `config_invalid` naming the first rule that is no permission. */
export function placePolicy(policy: Policy, places: Places): PlacedPolicy {
  return (['deny', 'ask', 'allow'] as const).flatMap((decision) =>
    policy[decision].map((text) => {
      const parsed = parsePermission(text);
      if (!parsed.ok) {
        throw new CadreError('config_invalid', `policy.${decision}: ${parsed.message}`, {
          ...(parsed.suggestion === undefined ? {} : { hint: parsed.suggestion }),
        });
      }
      return {
        decision,
        rule: `policy.${decision} ${text}`,
        permission: placePermission(parsed.permission, places),
      };
    }),
  );
}

/** `wanted` must be placed as the policy is. */
export function decidePermission(policy: PlacedPolicy, wanted: Permission): Verdict {
  const found = policy.find(({ permission }) => covers(permission, wanted));
  return found ?? { decision: 'ask', rule: 'no rule of the policy names it' };
}

/** Denied parts inside something wanted: a rule `fs:read:.env` within `fs:read:.`. The sandbox keeps them out of sight. */
export function deniedWithin(policy: PlacedPolicy, wanted: Permission): readonly Permission[] {
  return policy.flatMap(({ decision, permission }) =>
    decision === 'deny' && covers({ ...wanted, type: permission.type }, permission) ? [permission] : [],
  );
}
