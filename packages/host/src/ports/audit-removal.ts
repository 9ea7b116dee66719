import type { AuditEntry, AuditRecord } from './audit-store.ts';

/** The last record of those that may go, and the signed word by which they may. */
export interface StoredBeginning {
  readonly number: number;
  readonly hash: string;
  /** As it was signed: the store keeps it and understands nothing of it. */
  readonly statement: string;
}

export interface HeldRecord {
  readonly number: number;
  readonly run?: string;
  /** `perhaps`: a hold covers a workflow, and of which one the run was is not known any more. */
  readonly why: 'hold' | 'pin' | 'going on' | 'perhaps';
}

/** The one way in which records of the audit chain go: from its beginning, after a beginning was written. */
export interface AuditRemoval {
  /** Numbers of the first and last record; undefined: there is none. */
  extent(): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** The oldest first. */
  beginnings(): Promise<readonly StoredBeginning[]>;
  /**
   * Keeps a beginning and appends the record of it, in one transaction. Undefined: there is a later one already. Throws when there is no
   * such record.
   */
  begin(beginning: StoredBeginning, entry: AuditEntry): Promise<AuditRecord | undefined>;
  /** The first record after `after` and up to `through` that has to stay, for the sake of its run. */
  findHeld(after: number, through: number): Promise<HeldRecord | undefined>;
  /** Removes at most so many of the oldest records that stand before the newest beginning; answers how many went. */
  removeOldest(limit: number): Promise<number>;
}
