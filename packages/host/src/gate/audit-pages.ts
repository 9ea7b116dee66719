import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import { readAuditArchive } from './audit-archive.ts';
import type { AuditBeginning } from './audit-beginning.ts';

export type AuditPage = readonly AuditRecord[];

const PAGE = 1_000;

/** The whole chain, the oldest first, a page at a time: what lies in archives, then what is in the store. */
export async function* pagesWithArchives(
  audit: Pick<AuditStore, 'read'>,
  beginnings: readonly AuditBeginning[],
  archive: string | undefined,
): AsyncGenerator<AuditPage> {
  let last = 0;
  for await (const page of archive === undefined ? [] : archivedPages(archive, beginnings)) {
    yield page;
    last = page.at(-1)?.number ?? last;
  }
  for (;;) {
    const page = await audit.read(last, PAGE);
    if (page.length === 0) return;
    yield page;
    last = page.at(-1)?.number ?? last;
  }
}

/**
 * A beginning that had no archive takes all before it out of what can be proved. One that was signed by a removal that was cut off has an
 * archive too, and the next one has its records again.
 */
async function* archivedPages(
  folder: string,
  beginnings: readonly AuditBeginning[],
): AsyncGenerator<AuditPage> {
  const each = new Map(beginnings.map((one) => [`${one.number} ${one.hash}`, one]));
  const inOrder = [...each.values()].sort((a, b) => a.number - b.number);
  const from = inOrder.findLastIndex((one) => one.archive === undefined) + 1;
  let last = 0;
  for (const { archive, number } of inOrder.slice(from)) {
    if (archive === undefined) continue;
    let page: AuditRecord[] = [];
    for await (const record of readAuditArchive(folder, archive)) {
      if (record.number <= last) continue;
      page.push(record);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    yield page;
    last = number;
  }
}
