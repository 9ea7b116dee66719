import { copyFile, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../ports/audit-store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { readCheckpoints } from './audit-checkpoint.ts';
import { type AuditEvidence, auditEvidence } from './audit-evidence.ts';
import { auditHash, FIRST_PREVIOUS } from './audit-hash.ts';
import { sealAudit } from './seal-audit.ts';
import { verifyAudit } from './verify-audit.ts';

let root: string;
let evidence: AuditEvidence;
let now: number;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-seal-'));
  evidence = auditEvidence(join(root, 'data'), join(root, 'person'), { anchor: join(root, 'elsewhere') });
  now = 1_000;
  warnings = [];
  await openSqliteStore(join(root, 'data/cadre.db')).then((store) => store.close());
});
afterEach(() => rm(root, { recursive: true, force: true }));

const entry = (action: string): AuditEntry => ({
  at: now,
  principal: 'user:ann',
  worker: 'git',
  action,
  operation: 'call',
  decision: 'allowed',
  rule: 'apply',
});

/** What one process appends from its start to its end. */
async function record(count: number, changes: { everyRecords?: number; waits?: number } = {}, word = 'a') {
  const store = await openSqliteStore(join(root, 'data/cadre.db'));
  const { everyRecords, waits = 0 } = changes;
  const sealed = sealAudit({
    store: store.audit,
    evidence: () => evidence,
    clock: { now: () => now },
    warn: (text) => warnings.push(text),
    ...(everyRecords === undefined ? {} : { everyRecords }),
  });
  for (let index = 0; index < count; index++) {
    await sealed.append(entry(`${word}${index}`));
    now += waits;
  }
  await sealed.close();
  await store.close();
}

async function verify(given = evidence) {
  const store = await openSqliteStore(join(root, 'data/cadre.db'));
  try {
    return await verifyAudit(store.audit, given);
  } finally {
    await store.close();
  }
}

const signedNumbers = (file = evidence.checkpointFile) =>
  readCheckpoints(file)?.map(({ checkpoint }) => checkpoint?.number);

/** What somebody who may write the database does, and who knows how hashes are made. */
function rewrite(change: (action: string, number: number) => string | undefined): void {
  const database = new DatabaseSync(join(root, 'data/cadre.db'));
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
    database.exec(`DROP TRIGGER "${String(name)}"`);
  }
  const rows = database.prepare('SELECT number, entry FROM audit ORDER BY number').all();
  database.exec('DELETE FROM audit');
  const put = database.prepare('INSERT INTO audit (number, previous, hash, entry) VALUES (?, ?, ?, ?)');
  let [previous, number] = [FIRST_PREVIOUS, 0];
  for (const row of rows) {
    const text = change(String(row['entry']), Number(row['number']));
    if (text === undefined) continue;
    number += 1;
    const hash = auditHash({ number, previous, entry: text });
    put.run(number, previous, hash, text);
    previous = hash;
  }
  database.close();
}

const forgeHead = () => rm(evidence.headFile);

describe('signed heads of the record', () => {
  test('[HYG-63] are made after so many records, with the first one after an hour, and at the end of a process', async () => {
    await record(7, { everyRecords: 3 });
    expect(signedNumbers()).toEqual([3, 6, 7]);
    expect(await verify()).toEqual({ ok: true, records: 7, signed: 7, anchored: 7 });
    await record(4, { waits: 40 * 60_000 });
    expect(signedNumbers()).toEqual([3, 6, 7, 10, 11]);
    expect(signedNumbers(evidence.anchor)).toEqual([3, 6, 7, 10, 11]);
  });

  test('are kept where nothing was kept before, as with a store on a server', async () => {
    evidence = auditEvidence(join(root, 'not yet'), join(root, 'person'));
    await record(1);
    expect(signedNumbers()).toEqual([1]);
  });

  test('a process that appended nothing signs nothing', async () => {
    await record(2);
    await record(0);
    expect(signedNumbers()).toEqual([2]);
  });

  test('the key is made once, and nobody else can read it', async () => {
    await record(1);
    const key = await readFile(evidence.keyFile, 'utf8');
    expect((await stat(evidence.keyFile)).mode & 0o077).toBe(0);
    await record(1);
    expect(await readFile(evidence.keyFile, 'utf8')).toBe(key);
    expect(await readFile(evidence.checkpointFile, 'utf8')).not.toContain('PRIVATE');
  });

  test('where nothing can be anchored it is said once, and the records are there and signed', async () => {
    evidence = { ...evidence, anchor: join(root, 'no/such/folder/anchor') };
    await record(4, { everyRecords: 1 });
    expect(warnings).toEqual([expect.stringContaining('no/such/folder')]);
    expect(signedNumbers()).toEqual([1, 2, 3, 4]);
    expect(await verify()).toMatchObject({
      ok: false,
      kind: 'forged',
      message: expect.stringContaining('is not there'),
    });
  });

  test('a line that a crash cut off in the middle is not taken for one', async () => {
    await record(2);
    await writeFile(evidence.checkpointFile, '{"workspace":"da', { flag: 'a' });
    expect(await verify()).toMatchObject({ ok: true, signed: 2 });
  });
});

describe('whoever may write the database, and knows how the chain is made', () => {
  beforeEach(async () => {
    await record(3);
    await record(3);
  });

  test('[HYG-63] cannot change a record', async () => {
    rewrite((text, number) => (number === 2 ? text.replace('user:ann', 'user:bob') : text));
    expect(await verify()).toMatchObject({ ok: false, kind: 'replaced', number: 3 });
    await forgeHead();
    expect(await verify()).toMatchObject({ ok: false, kind: 'replaced', number: 3 });
  });

  test('[HYG-63] cannot change what came after a signed head', async () => {
    rewrite((text, number) => (number === 5 ? text.replace('user:ann', 'user:bob') : text));
    await forgeHead();
    expect(await verify()).toMatchObject({
      ok: false,
      kind: 'rolled back',
      number: 4,
      message: expect.stringContaining('ended at record 3 or later'),
    });
  });

  test('[HYG-63] cannot cut off the end', async () => {
    rewrite((text, number) => (number > 4 ? undefined : text));
    await forgeHead();
    expect(await verify()).toMatchObject({ ok: false, kind: 'removed', number: 5 });
  });

  test('[HYG-63] cannot change the order', async () => {
    const texts: string[] = [];
    rewrite((text) => {
      texts.push(text);
      return text;
    });
    expect(await verify()).toMatchObject({ ok: true });
    rewrite((text, number) => (number <= 2 ? texts[2 - number] : text));
    await forgeHead();
    expect(await verify()).toMatchObject({ ok: false, kind: 'replaced', number: 3 });
  });

  test('[HYG-63] cannot take a record out', async () => {
    rewrite((text, number) => (number === 2 ? undefined : text));
    await forgeHead();
    expect(await verify()).toMatchObject({ ok: false, number: 3 });
  });

  test('[HYG-63] cannot put another chain in its place', async () => {
    rewrite((_, number) => JSON.stringify({ number }));
    await forgeHead();
    expect(await verify()).toMatchObject({ ok: false, kind: 'replaced' });
  });

  test('[HYG-63] cannot sign for another: neither with an own key nor with a changed line', async () => {
    const before = await readFile(evidence.checkpointFile, 'utf8');
    await writeFile(evidence.checkpointFile, before.replaceAll('"number":6', '"number":5'));
    expect(await verify()).toMatchObject({ ok: false, kind: 'forged', number: 5 });
    await rm(evidence.checkpointFile);
    await rm(evidence.keyFile);
    await record(1);
    const other = await readFile(evidence.checkpointFile, 'utf8');
    await writeFile(evidence.checkpointFile, before + other);
    expect(await verify()).toMatchObject({ ok: false, kind: 'forged', number: 3 });
  });
});

describe('whoever may write the whole data folder', () => {
  test('[HYG-63] cannot set it back to an older copy without the anchor telling', async () => {
    await record(3);
    await cp(join(root, 'data'), join(root, 'older'), { recursive: true });
    await record(3);
    await rm(join(root, 'data'), { recursive: true });
    await cp(join(root, 'older'), join(root, 'data'), { recursive: true });
    expect(await verify()).toMatchObject({
      ok: false,
      kind: 'rolled back',
      number: 4,
      message: expect.stringContaining('knows record 6'),
    });
    // Nor by going on from there, until there are as many again.
    await record(4, {}, 'other');
    expect(await verify()).toMatchObject({ ok: false, kind: 'rolled back', number: 4 });
    const { anchor: _, ...without } = evidence;
    expect(await verify(without)).toMatchObject({ ok: true });
  });

  test('[HYG-63] cannot begin anew with another key without the anchor telling', async () => {
    await record(3);
    await rm(join(root, 'data'), { recursive: true });
    await rm(join(root, 'person'), { recursive: true });
    await openSqliteStore(join(root, 'data/cadre.db')).then((store) => store.close());
    await record(5, {}, 'other');
    expect(await verify()).toMatchObject({ ok: false, kind: 'replaced', number: 3 });
  });

  test('an anchor that others use too is read for this workspace alone', async () => {
    await record(2);
    const anchor = evidence.anchor ?? '';
    const lines = await readFile(anchor, 'utf8');
    await copyFile(anchor, `${anchor}.copy`);
    await writeFile(
      anchor,
      lines.replaceAll('"data"', '"another"').replaceAll('"number":2', '"number":9') + lines,
    );
    expect(await verify()).toMatchObject({ ok: true, anchored: 2 });
  });
});
