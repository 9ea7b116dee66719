import type { AuditEntry, AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';

export interface AuditLog {
  /** Resolves when the record cannot be lost any more. */
  record(entry: Omit<AuditEntry, 'at'>): Promise<void>;
}

/** Records decisions, each with its time. */
export function openAuditLog(store: AuditStore, clock: Clock): AuditLog {
  return {
    async record(entry) {
      await store.append({ at: clock.now(), ...entry });
    },
  };
}
