import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const workflow = (name: string, step: string) =>
  `apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n  steps:\n    - id: only\n      ${step}\n`;

let place: TemporaryPlace;
beforeEach(() => {
  place = temporaryPlace({
    'short.yaml': workflow('short', 'wait: { for: 1ms }'),
    'ask.yaml': workflow('ask', 'approval: { prompt: "Go on?" }'),
    'reads.yaml': workflow('reads', 'uses: files/read\n      with: { path: large.txt }'),
    'event.yaml': workflow('event', 'wait: { signal: build.done }'),
  });
});

async function json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
  const { stdout, stderr } = await place.cadre(...argv, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

const run = (name: string) => place.cadre('run', `./${name}.yaml`, '--yes');
const dataFolder = () => join(place.home, 'workspaces', readdirSync(join(place.home, 'workspaces'))[0] ?? '');
const SOON = { CADRE_RETENTION__RUNS__AFTER: '1ms' };

describe('cadre clean', () => {
  test('says what is due, removes it by class, and keeps what is pinned or not over [WRK-50] [WRK-51]', async () => {
    for (const name of ['short', 'short', 'ask']) await run(name);
    const pinned = (await json<{ pinned: string }>('runs', 'pin', (await idsOf('short'))[0] ?? '')).pinned;

    const plan = await place.cadreWith(SOON, 'clean', '--plan', '--json');
    expect(JSON.parse(plan.stdout)).toMatchObject({
      done: false,
      classes: [{ class: 'runs', runs: 2, removed: { runs: 1 } }, { class: 'plans' }, { class: 'logs' }],
    });
    expect(await idsOf()).toHaveLength(3);
    expect((await place.cadreWith(SOON, 'clean', '--class', 'plans')).code).toBe(0);
    expect(await idsOf()).toHaveLength(3);
    const cleaned = await place.cadreWith(SOON, 'clean');
    expect(cleaned.stdout).toMatch(/runs +2 .* 1 /);
    expect(await idsOf()).toEqual([...(await idsOf('ask')), pinned]);

    await place.cadre('runs', 'hold', 'case-7');
    await place.cadre('runs', 'unpin', pinned);
    await place.cadreWith(SOON, 'clean');
    expect(await idsOf('short')).toEqual([pinned]);
    await place.cadre('runs', 'release', 'case-7');
    await place.cadreWith(SOON, 'clean');
    expect(await idsOf('short')).toEqual([]);
    expect((await place.cadre('audit', 'verify')).stdout).toContain('one unbroken chain');
    expect((await place.cadre('clean', '--class', 'nonsense')).code).toBe(2);
  });

  test('removes definitions that no run names any more, and says so to the audit chain', async () => {
    for (const name of ['short', 'ask']) await run(name);
    const database = new DatabaseSync(join(dataFolder(), 'cadre.db'));
    // As if it had been kept long ago.
    database.exec('UPDATE definitions SET kept_at = 1');
    database.close();
    expect(JSON.parse((await place.cadreWith(SOON, 'clean', '--plan', '--json')).stdout)).toMatchObject({
      definitions: 0,
    });
    expect((await place.cadreWith(SOON, 'clean')).stdout).toContain(
      'definitions of workflows that no run names were',
    );
    expect(await json('clean')).toMatchObject({ definitions: 0 });
    expect(await idsOf('ask')).toHaveLength(1);
    expect((await place.cadre('audit', 'export')).stdout).toContain('"target":"definitions"');
    expect((await run('short')).code).toBe(0);
  });

  test('removes by count and by size, the oldest first [WRK-50]', async () => {
    for (let index = 0; index < 3; index++) await run('short');
    const [newest] = await idsOf();
    await place.cadreWith({ CADRE_RETENTION__RUNS__MOST: '1' }, 'maintenance');
    expect(await idsOf()).toEqual([newest]);
    await place.cadreWith({ CADRE_RETENTION__RUNS__MAX_BYTES: '1' }, 'clean');
    expect(await idsOf()).toEqual([]);
  });
});

describe('cadre artifacts', () => {
  test('lists, shows, keeps and exports what is too large for a journal, and a backup has it [WRK-36] [WRK-50]', async () => {
    const text = 'é line\n'.repeat(60_000);
    writeFileSync(join(place.folder, 'large.txt'), text);
    expect((await run('reads')).code).toBe(0);
    const shown = (await place.cadre('show', 'last')).stdout;
    expect(shown).toMatch(/only .* text of \d+ KiB \(sha256:[0-9a-f]{12}\)/);
    const digest = /sha256:[0-9a-f]{12}/.exec(shown)?.[0] ?? '';
    expect((await place.cadre('artifacts', 'list', '--run', 'last')).stdout).toContain(digest);
    expect((await place.cadre('artifacts', 'show', digest)).stdout).toContain('standard');
    expect((await place.cadre('artifacts', 'export', digest, 'out.txt')).code).toBe(0);
    expect(readFileSync(join(place.folder, 'out.txt'), 'utf8')).toBe(text);
    expect((await place.cadre('artifacts', 'export', digest, 'out.txt')).stderr).toContain('[exists]');
    expect((await place.cadre('artifacts', 'show', 'sha256:zz')).stderr).toContain('[not_found]');

    expect((await place.cadre('data', 'sizes')).stdout).toMatch(/artifacts, standard +1 +/);
    await place.cadre('data', 'backup', join(place.home, 'whole.db'));
    rmSync(join(dataFolder(), 'artifacts'), { recursive: true });
    expect((await place.cadre('artifacts', 'show', digest)).stderr).toContain('[artifact_missing]');
    expect((await place.cadre('data', 'restore', join(place.home, 'whole.db'))).code).toBe(0);
    expect((await place.cadre('artifacts', 'export', digest)).stdout).toBe(text);

    await place.cadre('artifacts', 'keep', digest);
    expect(await json('data', 'sizes')).toMatchObject({
      runs: 1,
      artifacts: expect.arrayContaining([{ class: 'kept', artifacts: 1, bytes: expect.any(Number) }]),
    });
    await place.cadre('artifacts', 'keep', digest, '--not');
    expect((await place.cadre('audit', 'verify')).stdout).toContain('one unbroken chain');
    expect((await place.cadre('clean', '--class', 'artifacts')).stdout).toMatch(
      /artifacts, standard +1 .* 0 /,
    );
  });
});

describe('cadre show and doctor', () => {
  test('say in one sentence why a run does not move, and what makes it [WRK-41]', async () => {
    await run('ask');
    const [asking = ''] = await idsOf('ask');
    const shown = (await place.cadre('show', asking)).stdout;
    expect(shown).toContain('why only waits for an approval of somebody who may answer, since');
    expect(shown).toContain(`next: cadre answer ${asking} allow|deny --step only`);
    expect((await place.cadre('doctor')).stdout).toContain(`${asking}: only waits for an approval`);
    await place.cadre('answer', asking, 'allow');
    expect((await place.cadre('show', asking)).stdout).not.toContain('why ');
  });

  test('--repair removes what moves, restores and plans have left, and records each mend', async () => {
    await run('short');
    writeFileSync(join(dataFolder(), 'cadre.db.staged'), 'half');
    mkdirSync(join(dataFolder(), 'scratch', '999999-1-run_1'), { recursive: true });
    const { mends } = await json<{ mends: { target: string; done: string }[] }>('doctor', '--repair');
    expect(mends.map(({ target, done }) => `${done} ${target}`).sort()).toEqual([
      'mended 999999-1-run_1',
      'mended cadre.db.staged',
    ]);
    expect(existsSync(join(dataFolder(), 'cadre.db.staged'))).toBe(false);
    expect((await place.cadre('audit', 'export')).stdout).toContain('cadre.db.staged');
    expect((await json<{ mends: unknown[] }>('doctor', '--repair')).mends).toEqual([]);
  });
});

describe('cadre data', () => {
  test('backs up while it is used and restores exactly that; the former store is kept', async () => {
    await run('short');
    const before = await idsOf();
    const kept = join(place.home, 'kept.db');
    expect((await place.cadre('data', 'backup', kept)).stdout).toContain('read again, and whole');
    expect((await place.cadre('data', 'backup', kept)).stderr).toContain('[exists]');
    await run('short');
    expect(await idsOf()).toHaveLength(2);

    expect((await place.cadre('data', 'restore', kept, '--plan')).stdout).toContain('this was the plan');
    expect(await idsOf()).toHaveLength(2);
    expect((await place.cadre('data', 'restore', join(place.home, 'missing.db'))).stderr).toContain(
      '[not_found]',
    );
    expect((await place.cadre('data', 'restore', kept)).stdout).toContain('The former store is kept');
    expect(await idsOf()).toEqual(before);
    expect((await place.cadre('audit', 'verify')).code).toBe(0);
    expect(readdirSync(dataFolder()).filter((name) => name.includes('.before-'))).toHaveLength(1);
    await run('short');
    expect(await idsOf()).toHaveLength(2);
  });

  test('refuses a backup that was changed, and one that is none, and changes nothing', async () => {
    await run('short');
    const kept = join(place.home, 'kept.db');
    await place.cadre('data', 'backup', kept);
    const database = new DatabaseSync(kept);
    database.exec("INSERT INTO grants (id, body) VALUES ('g', '{}')");
    database.close();
    expect((await place.cadre('data', 'restore', kept)).stderr).toContain(
      'grants are not what was backed up',
    );
    const none = join(place.home, 'none.db');
    writeFileSync(none, readFileSync(join(place.folder, 'short.yaml')));
    expect((await place.cadre('data', 'restore', none)).code).not.toBe(0);
    expect(await idsOf()).toHaveLength(1);
    expect(readdirSync(dataFolder()).filter((name) => /before|staged/.test(name))).toEqual([]);
  });

  test('replaces a store that is damaged, and refuses while another process has it open', async () => {
    await run('short');
    const kept = join(place.home, 'kept.db');
    await place.cadre('data', 'backup', kept);
    const open = new DatabaseSync(join(dataFolder(), 'cadre.db'));
    open.exec('SELECT count(*) FROM runs');
    expect((await place.cadre('data', 'restore', kept)).stderr).toContain('[lease_held]');
    open.close();
    writeFileSync(join(dataFolder(), 'cadre.db'), 'not a database '.repeat(1_000));
    expect((await place.cadre('runs')).stderr).toContain('[store_corrupt]');
    expect((await place.cadre('data', 'restore', kept)).code).toBe(0);
    expect(await idsOf()).toHaveLength(1);
  });
});

async function idsOf(name?: string): Promise<string[]> {
  const { runs } = await json<{ runs: { id: string }[] }>('runs', ...(name === undefined ? [] : [name]));
  return runs.map(({ id }) => id);
}
