import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditRemoval } from '../ports/audit-removal.ts';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { TrimmedAudit, TrimStop } from '../ports/trimmed-audit.ts';
import { openSigningKey } from '../signing/signing-key.ts';
import { writeAuditArchive } from './audit-archive.ts';
import {
  type AuditArchive,
  type AuditBeginning,
  type BeginningSaid,
  signBeginning,
} from './audit-beginning.ts';
import { appendWitness } from './audit-checkpoint.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { beginningEntry } from './beginning-entry.ts';
import { type DueRecords, dueRecords, recordsBetween, stopOf } from './due-records.ts';
import { readStoredBeginnings, trustedBeginnings } from './known-beginnings.ts';
import { verifyAudit } from './verify-audit.ts';

export type TrimStep = 'proved' | 'archived' | 'signed' | 'anchored' | 'begun' | 'removed';

export interface TrimOptions {
  readonly audit: Pick<AuditStore, 'read'>;
  readonly removal: AuditRemoval;
  readonly evidence: AuditEvidence;
  readonly clock: Pick<Clock, 'now'>;
  /** How old a record has to be; 0: they are kept for ever. */
  readonly keepMs: number;
  /** The folder for what goes. */
  readonly archive?: string;
  /** Hears each step when it is done. */
  readonly told?: (step: TrimStep) => void;
}

export const AUDIT_RULE = 'audit.keep';

/** Rows of one transaction, as with runs. */
const AT_ONCE = 400;

/**
 * Removes the oldest records.
 *
 * Invariants
 * 1. Of a chain that does not verify nothing goes: whoever changed it would be rid of what shows it.
 * 2. Nothing goes before it is archived (where it is to be), and before a signed beginning is beside the store, in the anchor, and in the
 *    store together with its own record. In this order, so that what has only begun can be begun anew.
 * 3. What was cut off after that is gone on with by the next one, if the beginning is one that would be believed.
 * 4. Records go from the beginning of the chain only, up to the first that has to stay.
 */
export async function trimAudit(
  options: TrimOptions,
  { planOnly, principal }: { readonly planOnly: boolean; readonly principal: string },
): Promise<TrimmedAudit> {
  const { removal, keepMs, clock } = options;
  const extent = await removal.extent();
  const records = extent === undefined ? 0 : extent.last - extent.first + 1;
  const left = planOnly ? { records: 0 } : await goOn(options);
  const report = (gone: number, bytes: number, more: Partial<TrimmedAudit> = {}): TrimmedAudit => ({
    records,
    keepMs,
    removed: { records: left.records + gone, bytes },
    ...(left.stopped === undefined ? {} : { stopped: left.stopped }),
    ...more,
  });
  if (left.stopped !== undefined || keepMs === 0) return report(0, 0);
  const now = clock.now();
  const due = await dueRecords(options, now - keepMs);
  const held = due.stopped === undefined ? {} : { stopped: due.stopped };
  if (due.last === undefined) return report(0, 0, held);
  if (planOnly) return report(due.records, due.bytes, held);
  const begun = await begin(options, due, { now, principal });
  if ('stopped' in begun) return report(0, 0, begun);
  const gone = await removeAll(options);
  return report(gone, due.bytes, { ...held, ...begun });
}

/** Invariant 3. */
async function goOn(
  options: TrimOptions,
): Promise<{ readonly records: number; readonly stopped?: TrimStop }> {
  const { removal, evidence } = options;
  const stored = await removal.beginnings();
  const newest = stored.at(-1);
  const extent = await removal.extent();
  if (newest === undefined || extent === undefined || extent.first > newest.number) return { records: 0 };
  const { beginnings, bad } = readStoredBeginnings([newest], trustedBeginnings(evidence));
  if (bad.length > 0 || beginnings.some(({ isTrusted }) => !isTrusted)) {
    const message = `the beginning after record ${newest.number} in the store is not signed by a key that counts: cadre audit verify says more`;
    return { records: 0, stopped: { why: 'unproved', message } };
  }
  const records = await removeAll(options);
  const held = await removal.findHeld(0, newest.number);
  return held === undefined ? { records } : { records, stopped: stopOf(held) };
}

async function removeAll({ removal, told }: TrimOptions): Promise<number> {
  let all = 0;
  for (;;) {
    const gone = await removal.removeOldest(AT_ONCE);
    if (gone === 0) return all;
    all += gone;
    told?.('removed');
  }
}

/** Invariants 1 and 2. */
async function begin(
  options: TrimOptions,
  due: DueRecords & { readonly last?: AuditRecord },
  { now, principal }: { readonly now: number; readonly principal: string },
): Promise<{ readonly archive?: string } | { readonly stopped: TrimStop }> {
  const { audit, removal, evidence, told } = options;
  const { last, first } = due;
  if (last === undefined) return {};
  const proved = await verifyAudit(audit, evidence, { stored: await removal.beginnings() });
  if (!proved.ok)
    return stop('broken', `the record does not verify, so nothing of it is removed: ${proved.message}`);
  told?.('proved');
  const { workspace } = evidence;
  const { number, hash } = last;
  let archive: AuditArchive | undefined;
  try {
    if (options.archive !== undefined) {
      const part = { workspace, first, last: number, hash };
      archive = await writeAuditArchive(options.archive, part, recordsBetween(audit, first, number));
      told?.('archived');
    }
  } catch (error) {
    return stop('archive', `nothing was removed, since it could not be archived: ${messageOf(error)}`);
  }
  const said: BeginningSaid = {
    workspace,
    number,
    hash,
    records: due.records,
    at: now,
    by: principal,
    rule: AUDIT_RULE,
    ...(archive === undefined ? {} : { archive }),
  };
  let beginning: AuditBeginning;
  try {
    const { key } = await openSigningKey(evidence.keyFile);
    beginning = signBeginning(said, key);
    // A store on a server has made no folder here.
    mkdirSync(dirname(evidence.checkpointFile), { recursive: true, mode: 0o700 });
    appendWitness(evidence.checkpointFile, beginning);
    told?.('signed');
    if (evidence.anchor !== undefined) {
      appendWitness(evidence.anchor, beginning);
      told?.('anchored');
    }
  } catch (error) {
    return stop(
      'witness',
      `nothing was removed, since the beginning could not be signed or anchored: ${messageOf(error)}`,
    );
  }
  const statement = JSON.stringify(beginning);
  // Undefined: another process was faster. What it has begun is gone on with.
  await removal.begin({ number, hash, statement }, beginningEntry(said));
  told?.('begun');
  return archive === undefined ? {} : { archive: archive.name };
}

function stop(why: TrimStop['why'], message: string): { readonly stopped: TrimStop } {
  return { stopped: { why, message } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
