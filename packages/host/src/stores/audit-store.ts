import { canonicalJson } from '@cadre/core/history';
import type { AuditEntry, AuditStore } from '../ports/audit-store.ts';
import type { Database } from './database.ts';
import { appendRecord, READ_RECORDS, readRecord } from './sql/audit.ts';

const PAGE = 1_000;

export function createAuditStore(database: Database): AuditStore {
  return {
    append(record) {
      const entry = entryText(record);
      return database.write(() => appendRecord(entry), 'audit');
    },
    read: async (after, limit = PAGE) => (await database.read(READ_RECORDS, [after, limit])).map(readRecord),
  };
}

/** By way of JSON, so that keys without a value are left out and not written as null. */
export function entryText(record: AuditEntry): string {
  return canonicalJson(JSON.parse(JSON.stringify(record)));
}
