import type { Store } from '../ports/store.ts';
import { createAuditStore } from './audit-store.ts';
import type { Database } from './database.ts';
import { createGrantStore } from './grant-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { createLogStore } from './log-store.ts';
import { createRunStore } from './run-store.ts';

export function createStore(database: Database): Store {
  return {
    runs: createRunStore(database),
    leases: createLeaseStore(database),
    audit: createAuditStore(database),
    grants: createGrantStore(database),
    logs: createLogStore(database),
    close: () => database.close(),
  };
}
