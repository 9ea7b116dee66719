import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

let place: TemporaryPlace;
let archive: string;
let env: Readonly<Record<string, string>>;
beforeEach(async () => {
  place = temporaryPlace({});
  archive = join(place.home, 'archive');
  env = { CADRE_AUDIT__KEEP: '400d', CADRE_AUDIT__ARCHIVE: archive };
  await place.cadre('audit', 'verify');
  const store = await openSqliteStore(join(dataFolder(), 'cadre.db'));
  for (let number = 1; number <= 5; number++) {
    await store.audit.append({
      at: Date.UTC(2020, 0, number),
      principal: 'user:ann',
      worker: 'git',
      action: 'push',
      operation: 'call',
      decision: 'denied',
      rule: 'policy.deny',
      target: `old ${number}`,
    });
  }
  await store.close();
  await place.cadre('grant', 'add', 'git', 'net:one.example:443');
});

const dataFolder = () => join(place.home, 'workspaces', readdirSync(join(place.home, 'workspaces'))[0] ?? '');
const clean = (...argv: string[]) => place.cadreWith(env, 'clean', ...argv);
const audit = (...argv: string[]) => place.cadreWith(env, 'audit', ...argv);

describe('cadre clean, with audit.keep', () => {
  test('[WRK-18] [WRK-51] removes old records by a plan or for good, archived, and the rest verifies', async () => {
    expect((await place.cadre('clean', '--class', 'audit')).stdout).toContain(
      'audit: 6 records, kept for ever; 0 were removed',
    );
    const plan = await clean('--plan');
    expect(plan.stdout).toContain('audit: 6 records, kept for 400 d; 5 are due');
    expect(existsSync(archive)).toBe(false);
    expect((await clean('--class', 'runs')).stdout).not.toContain('audit:');

    const cleaned = await clean('--class', 'audit', '--json');
    expect(JSON.parse(cleaned.stdout)).toMatchObject({
      audit: {
        records: 6,
        removed: { records: 5 },
        archive: expect.stringMatching(/-1-5-\w{12}\.jsonl\.gz$/),
      },
    });
    const verified = await audit('verify');
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('records 6 to 7, one unbroken chain'),
    });
    expect(verified.stdout).toContain('those up to record 5 were removed on');
    expect((await audit('verify', '--archive', archive)).stdout).toContain('7 records, one unbroken chain');
    expect((await audit('verify', '--archive', place.folder)).code).toBe(1);
    expect((await audit('search', 'old')).stdout).toContain('No record fits.');
    expect((await audit('search', 'old', '--archive', archive)).stdout).toContain('old 5');
    const lines = (await audit('export', '--archive', archive)).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect((await audit('search', '--action', 'clean')).stdout).toContain('audit.keep');
    expect((await place.cadre('data', 'sizes')).stdout).toMatch(/audit +2/);
    expect((await clean('--class', 'audit')).stdout).toContain('0 were removed');
  });

  test('a backup has the beginning in it, and what is restored verifies', async () => {
    await clean('--class', 'audit');
    const kept = join(place.home, 'kept.db');
    expect((await place.cadre('data', 'backup', kept)).code).toBe(0);
    expect((await place.cadre('data', 'restore', kept)).code).toBe(0);
    expect(await audit('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('records 6 to 8'),
    });
    expect((await audit('verify', '--archive', archive)).code).toBe(0);
  });

  test('[WRK-50] a hold stops it, as it should; what cannot be archived is a failure', async () => {
    await place.cadre('runs', 'hold', 'case-7');
    const held = await clean();
    expect(held).toMatchObject({ code: 0, stdout: expect.stringContaining('record 1 is covered by a hold') });
    await place.cadre('runs', 'release', 'case-7');
    writeFileSync(archive, 'no folder');
    const failed = await clean('--class', 'audit');
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('could not be archived') });
    expect((await audit('export')).stdout).toContain('old 1');
    const nightly = await place.cadreWith(env, 'maintenance');
    expect(nightly.code).toBe(1);
  });

  test('less than 30 days is refused', async () => {
    for (const keep of ['7d', '29d', '400', '0d', '-1d', '1h']) {
      const refused = await place.cadreWith({ CADRE_AUDIT__KEEP: keep }, 'clean');
      expect([keep, refused.code, refused.stderr]).toEqual([keep, 2, expect.stringContaining('30 at least')]);
    }
  });
});

describe('the settings file of a repository', () => {
  const own = (text: string) => {
    mkdirSync(join(place.home, 'config'), { recursive: true });
    writeFileSync(join(place.home, 'config', 'config.yaml'), text);
  };

  test('[WRK-16] cannot shorten how long records are kept, but may lengthen it', async () => {
    place.write({ 'cadre.yaml': 'audit: { keep: 30d }\n' });
    const refused = await place.cadre('clean', '--class', 'audit');
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('removed after 30d') });
    own('audit: { keep: 400d }\n');
    place.write({ 'cadre.yaml': 'audit: { keep: 399d }\n' });
    expect((await place.cadre('clean')).code).toBe(4);
    place.write({ 'cadre.yaml': 'audit: { keep: 4000d }\n' });
    expect((await place.cadre('clean', '--class', 'audit')).stdout).toContain('kept for 4000 d; 0 were');
    place.write({ 'cadre.yaml': 'audit: { keep: 0s }\n' });
    expect((await place.cadre('clean', '--class', 'audit')).stdout).toContain('kept for ever');
    expect(readFileSync(join(dataFolder(), 'audit-checkpoints'), 'utf8')).not.toContain('beginning');
  });

  test('[WRK-16] cannot say where records are copied to, nor who may remove them', async () => {
    place.write({ 'cadre.yaml': `audit: { archive: ../out, keys: [${'ab'.repeat(16)}] }\n` });
    const { code, stderr } = await place.cadre('clean');
    expect(code).toBe(4);
    expect(stderr).toContain('copied into the folder ../out');
    expect(stderr).toContain(`whoever has the key ${'ab'.repeat(16)} may remove records`);
  });
});
