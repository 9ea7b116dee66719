import { createHash } from 'node:crypto';
import { canonicalJson } from '@cadre/core/history';
import type { AuditRecord } from '../ports/audit-store.ts';

/** What the first record holds as the hash of the one before it. */
export const FIRST_PREVIOUS = '0'.repeat(64);

/** SHA-256 of the canonical JSON of a record without its hash. */
export function auditHash({ number, previous, entry }: Omit<AuditRecord, 'hash'>): string {
  return createHash('sha256').update(canonicalJson({ number, previous, entry })).digest('hex');
}
