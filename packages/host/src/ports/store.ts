import type { NumberedEvent, RunEvent, RunStatus, Workflow } from '@cadre/core';
import type { ArtifactStore } from './artifacts.ts';
import type { AuditRemoval } from './audit-removal.ts';
import type { AuditStore } from './audit-store.ts';
import type { EventStore } from './event-store.ts';
import type { FileIndex } from './file-index.ts';
import type { FiringStore } from './firing-store.ts';
import type { GrantStore } from './grant-store.ts';
import type { GroupStore } from './group-store.ts';
import type { LeaseStore } from './lease-store.ts';
import type { LogStore } from './log-store.ts';
import type { PoolStore } from './pool-store.ts';
import type { ResultCache } from './result-cache.ts';
import type { SharedStore } from './shared-journal.ts';
import type { StreamStore } from './stream-store.ts';
import type { Upkeep } from './upkeep.ts';

/** Everything that Cadre keeps for one workspace. All methods throw CadreError `store_unavailable` or `disk_full`. */
export interface Store {
  readonly runs: RunStore;
  readonly leases: LeaseStore;
  readonly audit: AuditStore;
  readonly auditRemoval: AuditRemoval;
  readonly grants: GrantStore;
  readonly logs: LogStore;
  readonly groups: GroupStore;
  readonly firings: FiringStore;
  readonly events: EventStore;
  readonly streams: StreamStore;
  /** Only of a store that many processes share. */
  readonly shared?: SharedStore;
  readonly results: ResultCache;
  readonly files: FileIndex;
  readonly upkeep: Upkeep;
  readonly artifacts: ArtifactStore;
  readonly pools: PoolStore;
  /** Something that is another one after any process has written; costs no question to the database. */
  stamp?(): string | undefined;
  close(): Promise<void>;
}

export interface RunRecord {
  readonly id: string;
  readonly workflow: string;
  readonly definition: string;
  readonly mode: 'apply' | 'plan';
  /** `waiting` as soon as one step waits for a person, whatever else still goes on. */
  readonly status: RunStatus;
  readonly principal: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Number of its last event. */
  readonly number: number;
  readonly failureCode?: string;
  /** The preset of steps and inputs that it was started with. */
  readonly profile?: string;
  /** Where the checkout stood when it was started. */
  readonly commit?: string;
  /** The last commit that it made. */
  readonly madeCommit?: string;
  /** Files that its effects name. */
  readonly changes: number;
}

export interface RunFilter {
  readonly workflow?: string;
  readonly status?: readonly RunStatus[];
  readonly mode?: 'apply' | 'plan';
  readonly limit?: number;
  /** From an earlier page. */
  readonly cursor?: string;
}

export type Appended =
  | { readonly ok: true; readonly number: number }
  /** `conflict`: somebody else appended first. `run_over`: terminal. `lease_lost`: another holder has taken the run. */
  | { readonly ok: false; readonly reason: 'conflict' | 'run_over' | 'lease_lost' };

export interface RunStore {
  /** Keeps a definition by its hash; keeping it again changes nothing but when it was kept last. */
  putDefinition(hash: string, workflow: Workflow, at: number): Promise<void>;
  /** Throws `not_found`. */
  getDefinition(hash: string): Promise<Workflow>;
  /** The run and its first events, in one transaction. Throws `exists`. */
  create(id: string, events: readonly RunEvent[]): Promise<void>;
  /**
   * Appends after event number `expected`, all or nothing, durably before it answers. With a fence the append is
   * refused unless that lease is still held with that number. The record's status follows from the events.
   */
  append(
    id: string,
    expected: number,
    events: readonly RunEvent[],
    fence?: { readonly lease: string; readonly token: number },
  ): Promise<Appended>;
  find(id: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  list(filter: RunFilter): Promise<{ readonly runs: readonly RunRecord[]; readonly cursor?: string }>;
  /** Events after `after`, in order, at most `limit` (default 10,000). */
  readEvents(id: string, after: number, limit?: number): Promise<readonly NumberedEvent[]>;
  /** Number of the last event, 0 when there is no such run. Cheap: this is how a process notices what others appended. */
  lastNumber(id: string): Promise<number>;
  /** The effects that a run's steps reported, in order; the record counts them. */
  putEffects(id: string, step: string, effects: readonly unknown[]): Promise<void>;
  readEffects(
    id: string,
  ): Promise<readonly { readonly step: string; readonly effects: readonly unknown[] }[]>;
  /** Small JSON documents that belong to a run: its plan's fingerprint, its timings. */
  putDocument(id: string, name: string, document: unknown): Promise<void>;
  findDocument(id: string, name: string): Promise<unknown>;
}
