import type { AuditRemoval, HeldRecord } from '../ports/audit-removal.ts';
import type { AuditEntry, AuditRecord, AuditStore } from '../ports/audit-store.ts';
import type { TrimStop } from '../ports/trimmed-audit.ts';

/** The oldest records, as many as may go; `last` is the last of them. */
export interface DueRecords {
  readonly first: number;
  readonly last?: AuditRecord;
  readonly records: number;
  readonly bytes: number;
  readonly stopped?: TrimStop;
}

const PAGE = 500;

/** Up to the first record that is younger, or that has to stay: the chain goes from its beginning only. */
export async function dueRecords(
  { audit, removal }: { readonly audit: Pick<AuditStore, 'read'>; readonly removal: AuditRemoval },
  before: number,
): Promise<DueRecords> {
  let last: AuditRecord | undefined;
  let [first, records, bytes] = [0, 0, 0];
  const found = (stopped?: TrimStop): DueRecords => ({
    first,
    records,
    bytes,
    ...(last === undefined ? {} : { last }),
    ...(stopped === undefined ? {} : { stopped }),
  });
  for (;;) {
    const page = await audit.read(last?.number ?? 0, PAGE);
    const young = page.findIndex((record) => !(timeOf(record) < before));
    const old = young === -1 ? page : page.slice(0, young);
    const newest = old.at(-1);
    if (newest === undefined) return found();
    const held = await removal.findHeld(last?.number ?? 0, newest.number);
    for (const record of old) {
      if (held !== undefined && record.number >= held.number) return found(stopOf(held));
      if (records === 0) first = record.number;
      records += 1;
      bytes += Buffer.byteLength(record.entry);
      last = record;
    }
    if (old.length < PAGE) return found();
  }
}

/** What is no entry is not old enough: it is for `verify` to say what it is. */
function timeOf({ entry }: AuditRecord): number {
  try {
    return (JSON.parse(entry) as AuditEntry).at;
  } catch {
    return Number.NaN;
  }
}

export function stopOf({ number, run, why }: HeldRecord): TrimStop {
  const of = run === undefined ? `record ${number}` : `record ${number} is of ${run}, which`;
  const says = {
    hold: run === undefined ? `${of} is covered by a hold` : `${of} a hold covers`,
    pin: `${of} is pinned`,
    'going on': `${of} is not over`,
    perhaps: `${of} was removed, and may be of a workflow that a hold covers`,
  };
  return { why: 'held', message: `${says[why]}: it stays, and what comes after it` };
}

export async function* recordsBetween(
  audit: Pick<AuditStore, 'read'>,
  first: number,
  last: number,
): AsyncGenerator<AuditRecord> {
  for (let after = first - 1; after < last; ) {
    const page = await audit.read(after, Math.min(PAGE, last - after));
    if (page.length === 0) return;
    yield* page;
    after = page.at(-1)?.number ?? last;
  }
}
