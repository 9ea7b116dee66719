import { createHash } from 'node:crypto';
import { canonicalJson } from '@cadre/core/history';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import { readAuditHead } from './audit-head.ts';

export type AuditResult =
  | { readonly ok: true; readonly records: number }
  | {
      readonly ok: false;
      /** Number of the first bad record, or the number that is missing. */
      readonly number: number;
      /** What was done there, as far as a chain can tell. */
      readonly kind: 'changed' | 'removed' | 'inserted';
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

/** Walks the whole chain, and compares its end with the head that is kept beside it. Holds one page at a time. */
export async function verifyAudit(audit: AuditStore, headFile: string): Promise<AuditResult> {
  const head = readAuditHead(headFile);
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
      if (record.number === head?.number && record.hash !== head.hash) {
        return changed(
          record.number,
          'the chain was written anew: it is sound in itself and ends in another hash than the one kept beside it',
        );
      }
      [beforeLast, last] = [last, record];
    }
  }
  const records = last?.number ?? 0;
  if (head !== undefined && head.number > records) {
    return removed(records + 1, `records ${records + 1} to ${head.number} were cut off at the end`);
  }
  return { ok: true, records };
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
