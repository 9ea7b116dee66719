import type { Store } from '../ports/store.ts';
import type { Upkeep } from '../ports/upkeep.ts';
import type { ArtifactFiles } from './artifact-files.ts';
import { createArtifactStore } from './artifact-store.ts';
import { createAuditRemoval } from './audit-removal.ts';
import { createAuditStore } from './audit-store.ts';
import type { Database } from './database.ts';
import { createEventStore } from './event-store.ts';
import { createFileIndex } from './file-index.ts';
import { createFiringStore } from './firing-store.ts';
import { createGrantStore } from './grant-store.ts';
import { createGroupStore } from './group-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { createLogStore } from './log-store.ts';
import { createPoolStore } from './pool-store.ts';
import { createResultCache } from './result-cache.ts';
import { createRunStore } from './run-store.ts';
import { createStreamStore } from './stream-store.ts';
import { createUpkeep } from './upkeep.ts';

export function createStore(database: Database, vacuum: Upkeep['vacuum'], files?: ArtifactFiles): Store {
  return {
    runs: createRunStore(database),
    leases: createLeaseStore(database),
    audit: createAuditStore(database),
    auditRemoval: createAuditRemoval(database),
    grants: createGrantStore(database),
    logs: createLogStore(database),
    groups: createGroupStore(database),
    results: createResultCache(database),
    files: createFileIndex(database),
    firings: createFiringStore(database),
    events: createEventStore(database),
    streams: createStreamStore(database),
    upkeep: createUpkeep(database, vacuum),
    artifacts: createArtifactStore(database, files),
    pools: createPoolStore(database),
    ...(database.stamp === undefined ? {} : { stamp: () => database.stamp?.() }),
    close: () => database.close(),
  };
}
