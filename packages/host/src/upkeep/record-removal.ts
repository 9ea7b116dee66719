import type { JsonObject } from '@cadre/sdk';
import type { AuditStore } from '../ports/audit-store.ts';

export interface Removal {
  readonly at: number;
  readonly principal: string;
  readonly target: string;
  /** The setting by which it was due. */
  readonly rule: string;
  readonly details: JsonObject;
}

/** What upkeep removes is recorded in the audit chain, like anything else that changes what can be known of runs. */
export async function recordRemoval(
  audit: Pick<AuditStore, 'append'>,
  { at, principal, target, rule, details }: Removal,
): Promise<void> {
  await audit.append({
    at,
    principal,
    worker: 'cadre',
    action: 'clean',
    operation: 'remove',
    target,
    decision: 'allowed',
    rule,
    details,
  });
}
