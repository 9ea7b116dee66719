import type { AuditEntry, AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import { writeAuditHead } from './audit-head.ts';

export interface AuditLog {
  /** Resolves when the record cannot be lost any more. */
  record(entry: Omit<AuditEntry, 'at'>): Promise<void>;
}

/** Records decisions, and keeps the newest record's number and hash beside the store. */
export function openAuditLog(store: AuditStore, headFile: string, clock: Clock): AuditLog {
  return {
    async record(entry) {
      writeAuditHead(headFile, await store.append({ at: clock.now(), ...entry }));
    },
  };
}
