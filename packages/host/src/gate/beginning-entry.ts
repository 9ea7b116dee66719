import type { AuditEntry, AuditRecord } from '../ports/audit-store.ts';
import type { BeginningSaid } from './audit-beginning.ts';

/** The record by which the chain tells that what stood before a beginning may be gone. */
export function beginningEntry({ at, by, rule, number, hash, records, archive }: BeginningSaid): AuditEntry {
  return {
    at,
    principal: by,
    worker: 'cadre',
    action: 'clean',
    operation: 'remove',
    target: 'audit',
    decision: 'allowed',
    rule,
    details: { number, hash, records, ...(archive === undefined ? {} : { archive: { ...archive } }) },
  };
}

/** Number and hash of what it tells; undefined: it tells of something else. */
export function announcementOf({ entry }: AuditRecord): string | undefined {
  // Almost none does, and all of them are looked at.
  if (!entry.includes('"target":"audit"')) return undefined;
  const { worker, action, operation, target, details } = entryOf(entry);
  const isOne = worker === 'cadre' && action === 'clean' && operation === 'remove' && target === 'audit';
  return isOne ? `${details?.['number']} ${details?.['hash']}` : undefined;
}

/** Whoever writes a chain anew may write anything. */
function entryOf(text: string): Partial<AuditEntry> {
  try {
    return JSON.parse(text) as Partial<AuditEntry>;
  } catch {
    return {};
  }
}
