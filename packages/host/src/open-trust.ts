import { join } from 'node:path';
import { dataDir } from '@cadre/kit/data';
import { APP, type AppOptions } from './app-options.ts';
import type { AuditEntry } from './ports/audit-store.ts';
import type { TrustDecision, TrustedWorkspaces } from './ports/trust.ts';
import { openTrustedWorkspaces } from './trusted-workspaces.ts';

/** The workspaces whose settings this person trusts, on this machine. */
export function openTrust({ env }: Pick<AppOptions, 'env'>): TrustedWorkspaces {
  return openTrustedWorkspaces(join(dataDir(APP, { env }), 'trusted-workspaces'));
}

/** What the record says of a decision about the settings of a repository. */
export function trustEntry(
  {
    root,
    decision,
    by,
    at,
  }: Pick<TrustDecision, 'root' | 'by' | 'at'> & {
    readonly decision: TrustDecision['decision'] | 'taken back';
  },
  rule: string,
): AuditEntry {
  return {
    at,
    principal: by,
    worker: 'cadre',
    action: 'trust',
    operation: 'trust',
    target: root,
    decision: decision === 'trusted' ? 'allowed' : 'denied',
    rule,
    outcome: decision,
  };
}
