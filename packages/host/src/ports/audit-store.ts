import type { JsonObject } from '@cadre/sdk';

/** The record of every decision of the gate: append only, each record holding the hash of the one before. */
export interface AuditStore {
  /**
   * Appends one record; number, previous hash and hash are given under one transaction, so that two processes make one chain.
   * hash = SHA-256 of the canonical JSON of the record without its hash.
   */
  append(record: AuditEntry): Promise<AuditRecord>;
  read(after: number, limit?: number): Promise<readonly AuditRecord[]>;
}

export interface AuditEntry {
  readonly at: number;
  readonly principal: string;
  readonly run?: string;
  readonly step?: string;
  readonly worker: string;
  /** Version of the worker. */
  readonly version?: string;
  readonly action: string;
  /** `call`, or what was asked for during one: `exec`, `fetch`, `secret`, `fs`. */
  readonly operation: string;
  readonly permission?: string;
  readonly target?: string;
  readonly decision: 'allowed' | 'denied' | 'asked';
  /** Which rule or grant decided. */
  readonly rule: string;
  /** The stored answer by which it was allowed or denied. */
  readonly grant?: string;
  /** What would change a refusal. */
  readonly fix?: string;
  readonly outcome?: string;
  readonly details?: JsonObject;
}

export interface AuditRecord {
  readonly number: number;
  readonly previous: string;
  readonly hash: string;
  /** The entry as it was hashed: canonical JSON text. */
  readonly entry: string;
}
