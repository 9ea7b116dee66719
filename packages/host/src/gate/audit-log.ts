import type { AuditEntry, AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import { type AuditHead, writeAuditHead } from './audit-head.ts';

export interface AuditLog {
  /** Resolves when the record cannot be lost any more. */
  record(entry: Omit<AuditEntry, 'at'>): Promise<void>;
}

/** Records decisions. Several at once share one writing of the head. */
export function openAuditLog(store: AuditStore, headFile: string, clock: Clock): AuditLog {
  let newest: AuditHead | undefined;
  let writing: Promise<void> | undefined;
  const writeHead = async () => {
    while (newest !== undefined) {
      const head = newest;
      newest = undefined;
      await writeAuditHead(headFile, head);
    }
  };
  return {
    async record(entry) {
      const { number, hash } = await store.append({ at: clock.now(), ...entry });
      if (newest === undefined || newest.number < number) newest = { number, hash };
      writing ??= writeHead().finally(() => {
        writing = undefined;
      });
      await writing;
    },
  };
}
