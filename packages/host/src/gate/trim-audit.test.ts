import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../ports/store.ts';
import { keyIdOf } from '../signing/signing-key.ts';
import { openPostgresStore } from '../stores/open-postgres-store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { created, SAMPLE_DEFINITION, started, succeeded } from '../testing/sample-events.ts';
import { parseBeginning } from './audit-beginning.ts';
import { readCheckpoints } from './audit-checkpoint.ts';
import { type AuditEvidence, auditEvidence } from './audit-evidence.ts';
import { pagesWithArchives } from './audit-pages.ts';
import { readStoredBeginnings } from './known-beginnings.ts';
import { sealAudit } from './seal-audit.ts';
import { type TrimOptions, trimAudit } from './trim-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const KEEP = 1_000;

let root: string;
let evidence: AuditEvidence;
let now: number;
let store: Store;
let open: () => Promise<Store>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-trim-'));
  evidence = auditEvidence(join(root, 'data'), join(root, 'person'), { anchor: join(root, 'elsewhere') });
  now = 10_000;
  open = () => openSqliteStore(join(root, 'data/cadre.db'));
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

/** What one process appends from its start to its end, at this time. */
async function record(count: number, at: number, run?: string): Promise<void> {
  const sealed = sealAudit({
    store: store.audit,
    evidence: () => evidence,
    clock: { now: () => at },
    warn: (text) => expect.unreachable(text),
  });
  const entry = {
    at,
    principal: 'user:ann',
    worker: 'git',
    operation: 'call',
    decision: 'allowed',
    rule: 'apply',
    ...(run === undefined ? {} : { run }),
  } as const;
  // At once, so that they share a commit.
  await Promise.all(
    Array.from({ length: count }, (_, index) => sealed.append({ ...entry, action: `a${index}` })),
  );
  await sealed.close();
}

const trim = (changes: Partial<TrimOptions> = {}, planOnly = false) =>
  trimAudit(
    {
      audit: store.audit,
      removal: store.auditRemoval,
      evidence,
      clock: { now: () => now },
      keepMs: KEEP,
      ...changes,
    },
    { planOnly, principal: 'user:ada' },
  );

const verify = async (given: AuditEvidence | undefined = evidence, archive?: string) =>
  verifyAudit(store.audit, given, {
    stored: await store.auditRemoval.beginnings(),
    ...(archive === undefined ? {} : { archive }),
  });

const numbers = async () => (await store.audit.read(0)).map(({ number }) => number);

/** What somebody does who may write the database. */
function byHand(...statements: readonly string[]): void {
  const database = new DatabaseSync(join(root, 'data/cadre.db'));
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of names) database.exec(`DROP TRIGGER "${String(name)}"`);
  for (const statement of statements) database.exec(statement);
  database.close();
}

function contract(): void {
  test('[WRK-18] [HYG-63] removes what is old enough, and the chain begins after a signed beginning of which it tells', async () => {
    await record(5, 1_000);
    await record(3, 9_500);
    expect(await trim()).toEqual({
      records: 8,
      keepMs: KEEP,
      removed: { records: 5, bytes: expect.any(Number) },
    });
    expect(await numbers()).toEqual([6, 7, 8, 9]);
    const told = JSON.parse((await store.audit.read(8))[0]?.entry ?? '');
    expect(told).toMatchObject({
      principal: 'user:ada',
      target: 'audit',
      details: { number: 5, records: 5 },
    });
    expect(await verify()).toMatchObject({
      ok: true,
      records: 9,
      signed: 8,
      begins: { first: 6, after: { number: 5, by: 'user:ada', rule: 'audit.keep' } },
    });
    expect(await verify(undefined)).toMatchObject({ ok: true });
    const [beginning] = await store.auditRemoval.beginnings();
    for (const file of [evidence.checkpointFile, evidence.anchor ?? '']) {
      expect(readCheckpoints(file)?.at(-1)?.beginning).toEqual(parseBeginning(beginning?.statement ?? ''));
    }
    // Another day, another beginning.
    now = 20_000;
    expect(await trim()).toMatchObject({ removed: { records: 4 } });
    expect(await numbers()).toEqual([10]);
    expect(await verify()).toMatchObject({ ok: true, begins: { first: 10 } });
  });

  test('[WRK-18] removes nothing for ever, nothing that is young, and nothing by a plan', async () => {
    await record(4, 1_000);
    expect(await trim({ keepMs: 0 })).toMatchObject({ removed: { records: 0 } });
    expect(await trim({ keepMs: 9_000 })).toMatchObject({ removed: { records: 0 } });
    expect(await trim({}, true)).toMatchObject({ records: 4, removed: { records: 4 } });
    expect(await numbers()).toEqual([1, 2, 3, 4]);
    expect(
      existsSync(join(root, 'elsewhere')) && readFileSync(join(root, 'elsewhere'), 'utf8'),
    ).not.toContain('beginning');
  });

  test('[WRK-50] stops at the first record of a run that is pinned, held or not over, and says so', async () => {
    await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
    await store.runs.create('run_1', [created(1), started(1), succeeded(1)]);
    await record(2, 1_000);
    await record(1, 1_000, 'run_1');
    await record(2, 1_000);
    await store.upkeep.pin('run_1', { principal: 'user:ada', at: 9, reason: 'because' });
    const stopped = {
      why: 'held',
      message: expect.stringContaining('record 3 is of run_1, which is pinned'),
    };
    expect(await trim({}, true)).toMatchObject({ removed: { records: 2 }, stopped });
    expect(await trim()).toMatchObject({ removed: { records: 2 }, stopped });
    expect(await trim()).toMatchObject({ removed: { records: 0 }, stopped });
    expect(await numbers()).toEqual([3, 4, 5, 6]);
    await store.upkeep.unpin('run_1');
    await store.upkeep.hold('case', { workflow: '*', principal: 'user:ada', at: 9, reason: 'because' });
    expect(await trim()).toMatchObject({
      stopped: { message: expect.stringContaining('which a hold covers') },
    });
    await store.upkeep.release('case');
    expect(await trim()).toMatchObject({ removed: { records: 3 } });
    expect(await verify()).toMatchObject({ ok: true });
  });

  test('of two processes at once one does it, and what a hold has stopped in between is gone on with', async () => {
    await record(900, 1_000);
    const both = await Promise.all([trim(), trim()]);
    expect(both[0].removed.records + both[1].removed.records).toBe(900);
    expect(await store.auditRemoval.beginnings()).toHaveLength(1);
    expect(await verify()).toMatchObject({ ok: true, begins: { first: 901 } });
    await record(500, 11_000);
    now = 20_000;
    let isHeld = false;
    const hold = { workflow: '*', principal: 'user:ada', at: 9, reason: 'because' };
    const removal = {
      ...store.auditRemoval,
      async removeOldest(limit: number) {
        if (isHeld) return store.auditRemoval.removeOldest(limit);
        isHeld = true;
        await store.upkeep.hold('case', hold);
        return store.auditRemoval.removeOldest(limit);
      },
    };
    expect(await trim({ removal })).toMatchObject({ removed: { records: 0 } });
    expect(await verify()).toMatchObject({ ok: true, begins: { first: 901 } });
    expect(await trim()).toMatchObject({ removed: { records: 0 }, stopped: { why: 'held' } });
    await store.upkeep.release('case');
    expect(await trim()).toMatchObject({ removed: { records: 501 } });
    expect(await verify()).toMatchObject({ ok: true });
  });
}

describe('retention of the record, on SQLite', () => {
  beforeEach(async () => {
    store = await open();
  });
  contract();

  test('[WRK-18] what goes is archived before, and proved together with what is left', async () => {
    const archive = join(root, 'archive');
    await record(1_500, 1_000);
    // What a process left that was killed while it wrote.
    mkdirSync(archive);
    writeFileSync(join(archive, 'audit-data-1-9-abc.jsonl.gz.part'), 'half');
    const went = await trim({ archive });
    expect(readdirSync(archive)).toEqual([went.archive]);
    await record(2, 12_000);
    now = 20_000;
    await trim({ archive });
    expect(await numbers()).toEqual([1_504]);
    expect(await verify(evidence, archive)).toEqual({
      ok: true,
      records: 1_504,
      signed: 1_503,
      anchored: 1_503,
    });
    const { beginnings } = readStoredBeginnings(await store.auditRemoval.beginnings(), () => true);
    let count = 0;
    for await (const page of pagesWithArchives(store.audit, beginnings, archive)) count += page.length;
    expect(count).toBe(1_504);

    const file = join(archive, went.archive ?? '');
    const text = gunzipSync(readFileSync(file)).toString();
    writeFileSync(file, gzipSync(text.replace('user:ann', 'user:bob')));
    expect(await verify(evidence, archive)).toMatchObject({ ok: false, kind: 'changed', number: 1 });
    writeFileSync(file, gzipSync(text.split('\n').slice(0, -2).join('\n')));
    expect(await verify(evidence, archive)).toMatchObject({ ok: false });
    writeFileSync(file, readFileSync(file).subarray(0, 900));
    expect(await verify(evidence, archive)).toMatchObject({
      ok: false,
      message: expect.stringContaining('is not what was archived'),
    });
    await rm(file);
    expect(await verify(evidence, archive)).toMatchObject({
      ok: false,
      kind: 'removed',
      message: expect.stringContaining('is not there'),
    });
    expect(await verify()).toMatchObject({ ok: true });
  });

  test('[WRK-18] a removal that was cut off after its beginning was signed leaves an archive, which the next one repeats', async () => {
    const archive = join(root, 'archive');
    await record(3, 1_000);
    const told = (step: string) => {
      if (step === 'signed') throw new Error('cut off');
    };
    expect(await trim({ archive, told })).toMatchObject({ stopped: { why: 'witness' } });
    await record(2, 1_000);
    expect(await trim({ archive })).toMatchObject({ removed: { records: 5 } });
    expect(readdirSync(archive)).toHaveLength(2);
    expect(await verify()).toMatchObject({ ok: true, records: 6 });
    expect(await verify(evidence, archive)).toMatchObject({ ok: true, records: 6 });
  });

  test('[HYG-63] of a record that does not verify nothing is removed: that would be rid of what shows it', async () => {
    await record(6, 1_000);
    byHand(`UPDATE audit SET entry = replace(entry, 'user:ann', 'user:bob') WHERE number = 4`);
    expect(await trim()).toMatchObject({
      removed: { records: 0 },
      stopped: { why: 'broken', message: expect.stringContaining('record 4') },
    });
    expect(await numbers()).toHaveLength(6);
  });

  test('what cannot be archived or anchored is not removed', async () => {
    await record(3, 1_000);
    writeFileSync(join(root, 'no-folder'), '');
    expect(await trim({ archive: join(root, 'no-folder') })).toMatchObject({
      removed: { records: 0 },
      stopped: { why: 'archive', message: expect.stringContaining('no-folder') },
    });
    const anchor = join(root, 'elsewhere');
    const lines = readFileSync(anchor);
    await rm(anchor);
    expect(await trim()).toMatchObject({ removed: { records: 0 }, stopped: { why: 'broken' } });
    writeFileSync(anchor, lines);
    expect(await numbers()).toHaveLength(3);
    expect(await trim()).toMatchObject({ removed: { records: 3 } });
  });

  test('[HYG-63] a beginning that somebody else has cut is missed, with or without a beginning of his own', async () => {
    await record(6, 1_000);
    const [, , third] = await store.audit.read(0);
    byHand('DELETE FROM audit WHERE number <= 3');
    expect(await verify()).toMatchObject({ ok: false, kind: 'removed', number: 1 });
    const statement = JSON.stringify({ number: 3 });
    byHand(`INSERT INTO audit_beginnings VALUES (3, '${third?.hash}', '${statement}')`);
    expect(await verify()).toMatchObject({ ok: false, kind: 'forged', number: 3 });
    expect(await verify(undefined)).toMatchObject({ ok: false, kind: 'forged' });
  });

  test('[HYG-63] after a true beginning nobody can cut more, nor put another record before it, nor take its record out', async () => {
    await record(4, 1_000);
    await record(4, 9_500);
    await trim();
    const [, , , , last] = [...(await store.audit.read(0))];
    byHand('DELETE FROM audit WHERE number = 9');
    expect(await verify()).toMatchObject({
      ok: false,
      kind: 'removed',
      message: expect.stringContaining('does not tell'),
    });
    const { previous, hash, entry } = last ?? { previous: '', hash: '', entry: '' };
    byHand(`INSERT INTO audit VALUES (9, '${previous}', '${hash}', '${entry}')`);
    expect(await verify()).toMatchObject({ ok: true });
    byHand(`INSERT INTO audit VALUES (4, '${previous}', '${hash}', '${entry}')`);
    expect(await verify()).toMatchObject({ ok: false });
    byHand('DELETE FROM audit WHERE number <= 6');
    expect(await verify()).toMatchObject({ ok: false, kind: 'removed', number: 1 });
  });

  test('[HYG-63] what another installation has removed counts when its key is named, and is not gone on with before', async () => {
    await record(3, 1_000);
    await record(1, 9_500);
    const other = auditEvidence(join(root, 'other'), join(root, 'other-person'));
    await store.upkeep.hold('all', { workflow: '*', principal: 'user:ada', at: 9, reason: 'because' });
    const removal = { ...store.auditRemoval, findHeld: async () => undefined };
    expect(await trim({ evidence: other, removal })).toMatchObject({ removed: { records: 0 } });
    await store.upkeep.release('all');
    // The chain is whole, and a beginning by a key that does not count is not gone on with.
    expect(await verify()).toMatchObject({ ok: true, records: 5 });
    expect(await trim()).toMatchObject({ removed: { records: 0 }, stopped: { why: 'unproved' } });
    expect(await trim({ evidence: other })).toMatchObject({ removed: { records: 3 } });
    const { key = '' } = parseBeginning((await store.auditRemoval.beginnings())[0]?.statement ?? '') ?? {};
    expect(await verify()).toMatchObject({
      ok: false,
      kind: 'forged',
      message: expect.stringContaining(keyIdOf(key)),
    });
    // What others have signed is not signed by this installation.
    expect(await verify({ ...evidence, keys: [keyIdOf(key)] })).toMatchObject({ ok: true, signed: 4 });
  });

  // Each of the steps, and the second group of those that go in groups.
  const kills = [
    ['proved', '1', 900],
    ['archived', '1', 900],
    ['signed', '1', 900],
    ['anchored', '1', 900],
    ['begun', '1', 901],
    ['removed', '1', 501],
    ['removed', '3', 1],
  ] as const;
  test.each(
    kills,
  )('killed when it was %s (%s), it has lost nothing, verifies, and is gone on with', async (step, times, left) => {
    await record(900, 1_000);
    const before = await store.audit.read(0);
    const child = join(import.meta.dirname, '../../test/trim-child.ts');
    const killed = spawnSync(process.execPath, [child, root, String(now), step, times], { encoding: 'utf8' });
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    expect(await numbers()).toHaveLength(left);
    const archive = join(root, 'archive');
    // Only what is archived may be gone.
    if (left < 900) expect(await verify(evidence, archive)).toMatchObject({ ok: true, records: 901 });
    expect(await verify()).toMatchObject({ ok: true });
    const again = await trim({ archive });
    expect(again.stopped).toBeUndefined();
    expect(await numbers()).toEqual([901]);
    expect(await verify(evidence, archive)).toMatchObject({ ok: true, records: 901 });
    const [file = ''] = readdirSync(archive);
    expect(readdirSync(archive)).toHaveLength(1);
    const lines = gunzipSync(readFileSync(join(archive, file)))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(before);
  });
});

describe.skipIf(lacksPostgres())('retention of the record, on PostgreSQL', () => {
  let server: PostgresServer;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    store = await openPostgresStore(server.url, `trim_${++schemas}`);
  });
  contract();
});
