import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigSchema } from './config.ts';
import { backUpStore } from './data-backup.ts';
import { restoreStore } from './data-restore.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';
import { created, SAMPLE_DEFINITION, started, succeeded } from './testing/sample-events.ts';
import { workspaceFolder } from './workspace-folder.ts';

const CHILD = fileURLToPath(new URL('./testing/restore-child.ts', import.meta.url));
const RUNS = 400;

let place = '';
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-restore-')));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const env = () => ({ ...process.env, CADRE_HOME: join(place, 'home') });
const folder = () => workspaceFolder(place, env());
const path = () => join(folder(), 'cadre.db');

async function addRuns(from: number, to: number): Promise<void> {
  const store = await openSqliteStore(path());
  await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
  const one = async (index: number) => {
    await store.runs.create(`run_${index}`, [created(index), started(index)]);
    await store.runs.append(`run_${index}`, 2, [succeeded(index)]);
  };
  await Promise.all(Array.from({ length: to - from }, (_, index) => one(from + index)));
  await store.close();
}

const lease = {
  name: 'data',
  token: 1,
  since: 0,
  renewed: 0,
  expires: 0,
  holder: 'p',
  host: 'h',
  pid: 1,
  processStart: '',
};
const backUp = (file: string) =>
  backUpStore({
    config: ConfigSchema.parse({}),
    folder: folder(),
    name: 'place',
    secrets: { find: async () => undefined },
    file,
    now: 7,
    take: async () => ({ ok: true, lease }),
    give: async () => undefined,
  });

async function countRuns(): Promise<number> {
  const store = await openSqliteStore(path());
  const counts = await store.upkeep.counts().finally(() => store.close());
  return counts.reduce((sum, { runs }) => sum + runs, 0);
}

test('a backup that is made while others write is the store of one moment', async () => {
  await addRuns(0, RUNS);
  const file = join(place, 'backup.db');
  const [made] = await Promise.all([backUp(file), addRuns(RUNS, 2 * RUNS)]);
  const runs = made.rows['runs'] ?? 0;
  expect(runs).toBeGreaterThanOrEqual(RUNS);
  const restored = await restoreStore({ place: { root: place }, env: env(), file, planOnly: false });
  expect(restored).toMatchObject({ madeAt: 7, done: true, rows: { runs } });
  expect(await countRuns()).toBe(runs);
});

test('whoever is killed while restoring leaves the former store or the new one, whole', async () => {
  await addRuns(0, RUNS);
  const file = join(place, 'backup.db');
  await backUp(file);
  await addRuns(RUNS, 2 * RUNS);

  const restore = async (killAfterMs: number | undefined): Promise<number> => {
    const child = spawn(process.execPath, ['--no-warnings', CHILD, place, file], {
      env: env(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const began = performance.now();
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    await once(child, 'exit');
    clearTimeout(timer);
    return performance.now() - began;
  };
  const wholeMs = await restore(undefined);
  expect(await countRuns()).toBe(RUNS);
  for (const part of [0.3, 0.5, 0.6, 0.7, 0.8, 0.9]) {
    // As it was before: more runs than the backup has.
    const [former] = readdirSync(folder()).filter((name) => name.includes('.before-'));
    if (former !== undefined) rmSync(join(folder(), former));
    if ((await countRuns()) === RUNS) await addRuns(RUNS, 2 * RUNS);
    await restore(wholeMs * part);
    expect([RUNS, 2 * RUNS]).toContain(await countRuns());
    expect(existsSync(path())).toBe(true);
  }
  expect(await restoreStore({ place: { root: place }, env: env(), file, planOnly: false })).toMatchObject({
    done: true,
  });
  expect(await countRuns()).toBe(RUNS);
}, 60_000);
