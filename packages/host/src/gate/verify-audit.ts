import { isCadreError } from '@cadre/core/errors';
import type { StoredBeginning } from '../ports/audit-removal.ts';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import { keyIdOf } from '../signing/signing-key.ts';
import type { BeginningSaid } from './audit-beginning.ts';
import type { AuditEvidence } from './audit-evidence.ts';
import { auditHash, FIRST_PREVIOUS } from './audit-hash.ts';
import { type AuditPage, pagesWithArchives } from './audit-pages.ts';
import { readWitnesses, type Witness } from './audit-witnesses.ts';
import { announcementOf } from './beginning-entry.ts';
import { type KnownBeginning, readStoredBeginnings, trustedBeginnings } from './known-beginnings.ts';

export type AuditResult =
  | {
      readonly ok: true;
      readonly records: number;
      /** Up to which record the chain is signed by the key of this installation, and stands in the anchor. */
      readonly signed: number;
      readonly anchored: number;
      /** Where the chain begins, when not with its first record. */
      readonly begins?: { readonly first: number; readonly after: BeginningSaid };
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

export interface VerifyOptions {
  /** What the store says of where its chain begins. */
  readonly stored?: readonly StoredBeginning[];
  /** The folder with the archives of what was removed: they are proved too. */
  readonly archive?: string;
}

/**
 * Walks the whole chain, and compares it with all that is known of it besides: the head beside it, the signed checkpoints, the anchor.
 * Without any, in itself alone. It begins with its first record, or after a signed beginning of which it tells itself. Holds one page at
 * a time.
 */
export async function verifyAudit(
  audit: Pick<AuditStore, 'read'>,
  evidence?: AuditEvidence,
  { stored = [], archive }: VerifyOptions = {},
): Promise<AuditResult> {
  const known = evidence === undefined ? NOTHING : readWitnesses(evidence);
  const inStore = readStoredBeginnings(stored, trustedBeginnings(evidence));
  const [forged] = [...known.bad, ...inStore.bad];
  if (forged !== undefined) return { ok: false, kind: 'forged', ...forged };
  const beginnings = [...known.beginnings, ...inStore.beginnings];
  try {
    return await walk(pagesWithArchives(audit, beginnings, archive), known.witnesses, beginnings);
  } catch (error) {
    if (archive === undefined || !isCadreError(error)) throw error;
    const kind = error.code === 'not_found' ? 'removed' : 'changed';
    return { ok: false, kind, number: 1, message: error.message };
  }
}

const NOTHING: ReturnType<typeof readWitnesses> = { witnesses: [], beginnings: [], bad: [] };

async function walk(
  pages: AsyncIterable<AuditPage>,
  known: readonly Witness[],
  beginnings: readonly KnownBeginning[],
): Promise<AuditResult> {
  const trusted = beginnings.filter(({ isTrusted }) => isTrusted);
  const witnesses = [...known, ...trusted.map(witnessOf)];
  const waiting = Map.groupBy(witnesses, ({ number }) => number);
  const through = { head: 0, checkpoint: 0, anchor: 0, beginning: 0 };
  const announced = new Set<string>();
  let first = 1;
  let last: Link | undefined;
  let beforeLast: Link | undefined;
  const compare = ({ number, hash }: Link) => {
    for (const witness of waiting.get(number) ?? []) {
      if (witness.hash !== hash) return contradicted(witness, through);
      through[witness.kind] = number;
    }
    return undefined;
  };
  for await (const page of pages) {
    for (const record of page) {
      if (last === undefined && record.number > 1) {
        first = record.number;
        last = { number: first - 1, hash: record.previous };
        const fault = notBegun(first, beginnings) ?? compare(last);
        if (fault !== undefined) return fault;
      }
      const fault = checkRecord(record, last, beforeLast) ?? compare(record);
      if (fault !== undefined) return fault;
      const told = announcementOf(record);
      if (told !== undefined) announced.add(told);
      [beforeLast, last] = [last, record];
    }
  }
  const records = last?.number ?? 0;
  const missed = witnesses.filter(({ number }) => number > records);
  if (missed.length > 0) return cutOff(records, missed);
  const sound = { ok: true, records, signed: through.checkpoint, anchored: through.anchor } as const;
  if (first === 1) return sound;
  const after = trusted.find((one) => one.number >= first - 1 && announced.has(`${one.number} ${one.hash}`));
  return after === undefined ? untold(first) : { ...sound, begins: { first, after: saidBy(after) } };
}

/** What a record is to the one after it. */
type Link = Pick<AuditRecord, 'number' | 'hash'>;

/** It knows the hash of its record; of those in the files it is known already whose word they are. */
function witnessOf({ number, hash, at, place }: KnownBeginning): Witness {
  return { number, hash, at, name: `the beginning in ${place}`, kind: 'beginning' };
}

function saidBy({ workspace, number, hash, records, at, by, rule, archive }: KnownBeginning): BeginningSaid {
  return { workspace, number, hash, records, at, by, rule, ...(archive && { archive }) };
}

/** Whether nobody whose word counts has signed that the chain may begin so late. */
function notBegun(first: number, beginnings: readonly KnownBeginning[]): Fault | undefined {
  const enough = beginnings.filter(({ number }) => number >= first - 1);
  if (enough.some(({ isTrusted }) => isTrusted)) return undefined;
  const [foreign] = enough;
  const missing = `records 1 to ${first - 1} are missing`;
  if (foreign === undefined) return removed(1, missing);
  return {
    ok: false,
    number: 1,
    kind: 'forged',
    message: `${missing}, and the beginning in ${foreign.place} is signed by the key ${keyIdOf(foreign.key)}, not by that of this installation: if it is that of another machine of yours, name it in your setting audit.keys`,
  };
}

function untold(first: number): Fault {
  return removed(
    first - 1,
    `records up to ${first - 1} are missing, and the chain does not tell that they were removed`,
  );
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
  last: Link | undefined,
  beforeLast: Link | undefined,
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

function brokenLink(record: AuditRecord, beforeLast: Link | undefined): Fault {
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
