import { createHash } from 'node:crypto';
import { canonicalJson } from '@cadre/core/history';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { readWitnesses, type Witness } from './audit-witnesses.ts';

export type AuditResult =
  | {
      readonly ok: true;
      readonly records: number;
      /** Up to which record the chain is signed by the key of this installation, and stands in the anchor. */
      readonly signed: number;
      readonly anchored: number;
    }
  | {
      readonly ok: false;
      /** Number of the first bad record, or the number that is missing. */
      readonly number: number;
      /** What was done there, as far as a chain and those who know of it can tell. */
      readonly kind: 'changed' | 'removed' | 'inserted' | 'replaced' | 'rolled back' | 'forged';
      readonly message: string;
    };

type Fault = Extract<AuditResult, { ok: false }>;

/** What the first record holds as the hash of the one before it. */
export const FIRST_PREVIOUS = '0'.repeat(64);

const PAGE = 1_000;

/** SHA-256 of the canonical JSON of a record without its hash. */
export function auditHash({ number, previous, entry }: Omit<AuditRecord, 'hash'>): string {
  return createHash('sha256').update(canonicalJson({ number, previous, entry })).digest('hex');
}

/**
 * Walks the whole chain, and compares it with all that is known of it besides: the head beside it, the signed checkpoints, the anchor.
 * Without any, in itself alone. Holds one page at a time.
 */
export async function verifyAudit(audit: AuditStore, evidence?: AuditEvidence): Promise<AuditResult> {
  const { witnesses, bad } = evidence === undefined ? { witnesses: [], bad: [] } : readWitnesses(evidence);
  const [forged] = bad;
  if (forged !== undefined) return { ok: false, kind: 'forged', ...forged };
  const waiting = Map.groupBy(witnesses, ({ number }) => number);
  const through = { head: 0, checkpoint: 0, anchor: 0 };
  let last: AuditRecord | undefined;
  let beforeLast: AuditRecord | undefined;
  for (
    let page = await audit.read(0, PAGE);
    page.length > 0;
    page = await audit.read(last?.number ?? 0, PAGE)
  ) {
    for (const record of page) {
      const fault = checkRecord(record, last, beforeLast);
      if (fault !== undefined) return fault;
      for (const witness of waiting.get(record.number) ?? []) {
        if (witness.hash !== record.hash) return contradicted(witness, through);
        through[witness.kind] = record.number;
      }
      [beforeLast, last] = [last, record];
    }
  }
  const records = last?.number ?? 0;
  const missed = witnesses.filter(({ number }) => number > records);
  if (missed.length > 0) return cutOff(records, missed);
  return { ok: true, records, signed: through.checkpoint, anchored: through.anchor };
}

/** The chain is sound in itself up to here, and another one than the one that was seen. */
function contradicted({ number, name, at }: Witness, through: Readonly<Record<string, number>>): Fault {
  const confirmed = Math.max(...Object.values(through));
  const seen = `${name}${whenOf(at)} knows record ${number} by another hash`;
  return confirmed === 0
    ? {
        ok: false,
        number,
        kind: 'replaced',
        message: `the chain was written anew: it is sound in itself, and ${seen}`,
      }
    : {
        ok: false,
        number: confirmed + 1,
        kind: 'rolled back',
        message: `the chain was set back to an older copy that ended at record ${confirmed} or later, and went on otherwise: ${seen}`,
      };
}

/** The head is written with every record: when even that knows of no more, all of the folder is older than the anchor. */
function cutOff(records: number, missed: readonly Witness[]): Fault {
  const farthest = missed.reduce((a, b) => (b.number > a.number ? b : a));
  const { number, name, at } = farthest;
  if (missed.every(({ kind }) => kind === 'anchor')) {
    const message = `the data folder was set back to an older copy, which ends at record ${records}: ${name}${whenOf(at)} knows record ${number}`;
    return { ok: false, number: records + 1, kind: 'rolled back', message };
  }
  return removed(
    records + 1,
    `records ${records + 1} to ${number} were cut off at the end: ${name}${whenOf(at)} knows record ${number}`,
  );
}

function whenOf(at: number | undefined): string {
  return at === undefined ? '' : `, of ${new Date(at).toISOString()},`;
}

function checkRecord(
  record: AuditRecord,
  last: AuditRecord | undefined,
  beforeLast: AuditRecord | undefined,
): Fault | undefined {
  const expected = (last?.number ?? 0) + 1;
  const previous = last?.hash ?? FIRST_PREVIOUS;
  const { number } = record;
  if (number > expected) return removed(expected, `records ${expected} to ${number - 1} are missing`);
  if (number < expected) return inserted(number, `there is more than one record ${number}`);
  if (auditHash(record) === record.hash) {
    return record.previous === previous ? undefined : brokenLink(record, beforeLast);
  }
  // Its hash fits another number: it was moved to make room, or to close a gap.
  if (auditHash({ ...record, number: number - 1 }) === record.hash && record.previous === beforeLast?.hash) {
    return inserted(
      number - 1,
      `record ${number - 1} was put in: the one after it follows on the one before it`,
    );
  }
  if (auditHash({ ...record, number: number + 1 }) === record.hash) {
    return removed(number, `record ${number} was taken out and those after it were numbered anew`);
  }
  return changed(number, `record ${number} does not fit its own hash`);
}

function brokenLink(record: AuditRecord, beforeLast: AuditRecord | undefined): Fault {
  const { number } = record;
  return record.previous === (beforeLast?.hash ?? FIRST_PREVIOUS)
    ? inserted(number - 1, `record ${number - 1} was put in: the one after it follows on the one before it`)
    : changed(
        number - 1,
        `record ${number - 1} was changed and given a new hash: the one after it holds another`,
      );
}

function changed(number: number, message: string): Fault {
  return { ok: false, number, kind: 'changed', message };
}

function removed(number: number, message: string): Fault {
  return { ok: false, number, kind: 'removed', message };
}

function inserted(number: number, message: string): Fault {
  return { ok: false, number, kind: 'inserted', message };
}
