import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { AuditRecord, AuditStore } from '../ports/audit-store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { auditEvidence } from './audit-evidence.ts';
import { auditHash } from './audit-hash.ts';
import { auditHeadFile, readAuditHead, writeAuditHead } from './audit-head.ts';
import { sealAudit } from './seal-audit.ts';
import { verifyAudit } from './verify-audit.ts';

let folder: string;
let head: string;
let records: AuditRecord[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cadre-audit-'));
  head = auditHeadFile(folder);
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  const sealed = sealAudit({
    store: store.audit,
    evidence: () => auditEvidence(folder, folder),
    clock: systemClock(),
    warn: () => undefined,
  });
  for (let number = 1; number <= 6; number++) {
    await sealed.append({
      at: number,
      principal: 'p',
      worker: 'git',
      action: `a${number}`,
      operation: 'call',
      decision: 'allowed',
      rule: 'r',
    });
  }
  records = [...(await store.audit.read(0))];
  await store.close();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A chain as somebody left it. */
const chain = (left: readonly AuditRecord[]): AuditStore => ({
  append: () => Promise.reject(new Error('not used')),
  read: async (after, limit = 1000) => left.filter(({ number }) => number > after).slice(0, limit),
});

const sealed = (record: Omit<AuditRecord, 'hash'>): AuditRecord => ({ ...record, hash: auditHash(record) });
const at = (number: number): AuditRecord => records[number - 1] as AuditRecord;
const verify = (left: readonly AuditRecord[]) => verifyAudit(chain(left), auditEvidence(folder, folder));

describe('verifying the audit trail', () => {
  test('[WRK-18] a chain that nobody touched is sound', async () => {
    expect(await verify(records)).toEqual({ ok: true, records: 6, signed: 0, anchored: 0 });
  });

  test('[HYG-63] one changed byte is found', async () => {
    const entry = at(3).entry.replace('"allowed"', '"a11owed"');
    expect(entry).not.toBe(at(3).entry);
    const left = records.map((record) => (record.number === 3 ? { ...record, entry } : record));
    expect(await verify(left)).toMatchObject({ ok: false, number: 3, kind: 'changed' });
  });

  test('[HYG-63] a change with a new hash is found by the record after it', async () => {
    const left = records.map((record) => (record.number === 3 ? sealed({ ...record, entry: '{}' }) : record));
    expect(await verify(left)).toMatchObject({ ok: false, number: 3, kind: 'changed' });
  });

  test('[HYG-63] a removed record is found', async () => {
    expect(await verify(records.filter(({ number }) => number !== 3))).toMatchObject({
      ok: false,
      number: 3,
      kind: 'removed',
    });
    expect(await verify(records.slice(2))).toMatchObject({ ok: false, number: 1, kind: 'removed' });
  });

  test('[HYG-63] a removed record is found also when those after it were numbered anew', async () => {
    const left = records
      .filter(({ number }) => number !== 3)
      .map((record, index) => ({ ...record, number: index + 1 }));
    expect(await verify(left)).toMatchObject({ ok: false, number: 3, kind: 'removed' });
  });

  test('[HYG-63] an inserted record is found', async () => {
    const false3 = sealed({ number: 3, previous: at(2).hash, entry: '{"false":1}' });
    const moved = records.slice(2).map((record) => ({ ...record, number: record.number + 1 }));
    expect(await verify([...records.slice(0, 2), false3, ...moved])).toMatchObject({
      ok: false,
      number: 3,
      kind: 'inserted',
    });
    const doubled = sealed({ number: 6, previous: at(6).hash, entry: '{}' });
    expect(await verify([...records, doubled])).toMatchObject({ ok: false, kind: 'inserted' });
  });

  test('[HYG-63] records cut off at the end are found by the head beside the store', async () => {
    expect(await verify(records.slice(0, 4))).toMatchObject({ ok: false, number: 5, kind: 'removed' });
    expect(await verify([])).toMatchObject({ ok: false, number: 1, kind: 'removed' });
  });

  test('[HYG-63] a chain that was written anew as a whole is found by the head', async () => {
    const anew: AuditRecord[] = [];
    for (const { number } of records) {
      anew.push(sealed({ number, previous: anew.at(-1)?.hash ?? '0'.repeat(64), entry: `{"n":${number}}` }));
    }
    expect(await verify(anew)).toMatchObject({ ok: false, number: 6, kind: 'replaced' });
  });

  test('[HYG-63] one byte changed in the database file is found', async () => {
    const database = new DatabaseSync(join(folder, 'cadre.db'));
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
      database.exec(`DROP TRIGGER "${String(name)}"`);
    }
    database.exec(`UPDATE audit SET entry = replace(entry, '"a4"', '"b4"') WHERE number = 4`);
    database.close();
    const store = await openSqliteStore(join(folder, 'cadre.db'));
    expect(await verifyAudit(store.audit, auditEvidence(folder, folder))).toMatchObject({
      ok: false,
      number: 4,
      kind: 'changed',
    });
    await store.close();
  });

  test('an older head, or none, says nothing against a longer chain', async () => {
    await writeFile(head, 'unreadable');
    expect(await verify(records)).toMatchObject({ ok: true });
    await rm(head);
    writeAuditHead(head, at(2));
    expect(await verify(records)).toMatchObject({ ok: true });
  });
});

describe('the head of the audit trail', () => {
  test('never goes back', () => {
    writeAuditHead(head, { number: 2, hash: 'a'.repeat(64) });
    expect(readAuditHead(head)).toEqual({ number: 6, hash: at(6).hash });
    writeAuditHead(head, { number: 7, hash: 'b'.repeat(64) });
    expect(readAuditHead(head)).toEqual({ number: 7, hash: 'b'.repeat(64) });
  });
});
