import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { writeAuditHead } from './audit-head.ts';

export interface SealedAudit extends AuditStore {
  /** For a record that was appended in a transaction with something else. */
  seal(record: AuditRecord): Promise<void>;
  /** Signs what is not signed yet. */
  close(): Promise<void>;
}

interface Options {
  readonly store: AuditStore;
  readonly evidence: () => AuditEvidence;
  readonly clock: Pick<Clock, 'now'>;
  /** Told once when nothing can be signed or anchored: the work goes on, and verifying says how far it is signed. */
  readonly warn: (text: string) => void;
  readonly everyRecords?: number;
}

const EVERY_RECORDS = 1_000;
const EVERY_MS = 60 * 60_000;

/**
 * Invariants
 * 1. Whoever appends a record by this store leaves its number and hash beside it: there is no way of recording without.
 * 2. A head is signed after every thousand records, with the first record after an hour, and at the end.
 * 3. What is signed was in the store before.
 */
export function sealAudit(options: Options): SealedAudit {
  const { store, clock, warn, everyRecords = EVERY_RECORDS } = options;
  let newest: AuditRecord | undefined;
  let signed: { readonly number: number; readonly at: number } | undefined;
  let signing: Promise<void> = Promise.resolve();
  let isTold = false;

  async function begin(): Promise<{ readonly number: number; readonly at: number }> {
    const { newestCheckpoint } = await import('./audit-checkpoint.ts');
    const found = newestCheckpoint(options.evidence().checkpointFile);
    return found ?? { number: 0, at: clock.now() };
  }

  async function sign(record: AuditRecord): Promise<void> {
    const evidence = options.evidence();
    const { appendWitness, signCheckpoint } = await import('./audit-checkpoint.ts');
    const { openSigningKey } = await import('../signing/signing-key.ts');
    const { key } = await openSigningKey(evidence.keyFile);
    const { workspace, checkpointFile, anchor } = evidence;
    const { number, hash } = record;
    const checkpoint = signCheckpoint({ workspace, number, hash, at: clock.now() }, key);
    appendWitness(checkpointFile, checkpoint);
    signed = checkpoint;
    if (anchor !== undefined) appendWitness(anchor, checkpoint);
  }

  function signLater(record: AuditRecord): Promise<void> {
    signing = signing.then(async () => {
      if (signed !== undefined && signed.number >= record.number) return;
      try {
        await sign(record);
      } catch (error) {
        if (!isTold)
          warn(`the record of decisions was not signed: ${error instanceof Error ? error.message : error}`);
        isTold = true;
      }
    });
    return signing;
  }

  async function seal(record: AuditRecord): Promise<void> {
    const { headFile } = options.evidence();
    // A store on a server has made no folder here.
    if (newest === undefined) mkdirSync(dirname(headFile), { recursive: true, mode: 0o700 });
    writeAuditHead(headFile, record);
    if (newest === undefined || record.number > newest.number) newest = record;
    signed ??= await begin();
    if (record.number - signed.number >= everyRecords || clock.now() - signed.at >= EVERY_MS)
      await signLater(record);
  }

  return {
    read: (after, limit) => store.read(after, limit),
    async append(entry) {
      const record = await store.append(entry);
      await seal(record);
      return record;
    },
    seal,
    async close() {
      await signing;
      if (newest !== undefined) await signLater(newest);
    },
  };
}
