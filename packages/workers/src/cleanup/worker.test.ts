import {
  existsSync,
  type FSWatcher,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { runInChild } from '../testing/run-in-child.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { repositoryAt, temporaryRepository } from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const cleanup = checkedWorker(import.meta.dirname, worker);

interface Cleaned {
  readonly groups: { group: string; items: number; files: number; bytes: number }[];
  readonly trash: string | null;
  readonly findings: { file: string; message: string }[];
  readonly skipped: object[];
}

function place(files: Readonly<Record<string, string>> = {}) {
  const repository = temporaryRepository({
    'package.json': '{}',
    'Cargo.toml': '',
    'src/a.py': '',
    ...files,
  });
  return { ...repository, at: { workspace: repository.path, dataDir: temporaryFolder() } };
}

/** Every path below a folder but `.git`, with what it holds. */
function picture(root: string): Record<string, string> {
  const paths = (readdirSync(root, { recursive: true }) as string[]).filter(
    (path) => !/^\.git(\/|$)/.test(path),
  );
  return Object.fromEntries(
    paths.sort().map((path) => {
      const found = lstatSync(join(root, path));
      const content = found.isFile()
        ? readFileSync(join(root, path), 'latin1')
        : found.isDirectory()
          ? 'folder'
          : 'link';
      return [path, `${(found.mode & 0o777).toString(8)} ${content}`];
    }),
  );
}

function age(path: string, days: number) {
  const seconds = Date.now() / 1_000 - days * 86_400;
  utimesSync(path, seconds, seconds);
}

const LEFTOVERS: Readonly<Record<string, string>> = {
  'src/__pycache__/a.cpython-312.pyc': '1234',
  'src/old.pyc': '1',
  '.pytest_cache/v/lastfailed': '{}',
  '.mypy_cache/3.12/x.json': '{}',
  'node_modules/.cache/babel/x.json': '12',
  'app/.next/cache/x': '1',
  'tsconfig.tsbuildinfo': '{}',
  '.coverage': '123',
  'coverage/lcov.info': '12345',
  'target/debug/app': '123456',
  'deep/ünï "q"/.ruff_cache/x': '1',
  '.DS_Store': '1',
};

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(cleanup, worker)).toEqual([]);
});

test('[HYG-20] caches go by group with files and bytes, and what is no cache stays', async () => {
  const { at, path, write } = place();
  for (const [name, content] of Object.entries(LEFTOVERS)) write(name, content);
  const kept = [
    'node_modules/left/__pycache__/x.pyc',
    'lib/target/x',
    'docs/coverage/intro.md',
    'coverage.md',
    'build/x',
  ];
  for (const name of kept) write(name, 'kept');

  const { groups, trash } = await cleanup.succeed<Cleaned>('caches', {}, at);
  expect(Object.fromEntries(groups.map(({ group, ...numbers }) => [group, numbers]))).toEqual({
    'python bytecode': { items: 2, files: 2, bytes: 5 },
    'test caches': { items: 1, files: 1, bytes: 2 },
    'tool caches': { items: 5, files: 5, bytes: 8 },
    'coverage data': { items: 2, files: 2, bytes: 8 },
    'build leftovers': { items: 1, files: 1, bytes: 6 },
    'editor leftovers': { items: 1, files: 1, bytes: 1 },
  });
  expect(trash).toBe('test');
  for (const name of Object.keys(LEFTOVERS)) expect(existsSync(join(path, name)), name).toBe(false);
  for (const name of kept) expect(existsSync(join(path, name)), name).toBe(true);
});

test('[HYG-20] tracked files, environment files and repositories inside are never removed', async () => {
  const { at, write, path } = place({ 'src/__pycache__/tracked.pyc': 'committed', 'lib/x.pyc': 'committed' });
  write('src/__pycache__/other.pyc', '');
  write('.mypy_cache/.env', 'KEY=1');
  write('.ruff_cache/tool/.git/HEAD', '');
  write('inner/__pycache__/x.pyc', '');
  repositoryAt(join(path, 'inner')).git('init', '--quiet');
  write('.venv/pyvenv.cfg', '');
  write('.venv/lib/__pycache__/x.pyc', '');
  write('.git/__pycache__/x.pyc', '');
  write('.env~', 'KEY=1');
  age(join(path, '.env~'), 30);
  const before = picture(path);

  const { groups, findings } = await cleanup.succeed<Cleaned>('caches', {}, at);
  expect(groups).toEqual([]);
  expect(findings.map(({ file }) => file).toSorted()).toEqual([
    '.env~',
    '.mypy_cache',
    '.ruff_cache',
    'lib/x.pyc',
    'src/__pycache__',
  ]);
  expect(picture(path)).toEqual(before);
  expect(existsSync(join(path, '.git/__pycache__/x.pyc'))).toBe(true);
});

test('[HYG-20] a link is removed itself, never what it leads to, and none is followed', async () => {
  const { at, path } = place();
  const outside = temporaryFolder();
  mkdirSync(join(outside, '__pycache__'));
  writeFileSync(join(outside, '__pycache__/x.pyc'), 'theirs');
  symlinkSync(join(outside, '__pycache__'), join(path, '__pycache__'));
  symlinkSync(outside, join(path, 'library'));

  for (const permanent of [false, true]) {
    const { groups } = await cleanup.succeed<Cleaned>(
      'caches',
      { permanent },
      { ...at, run: String(permanent) },
    );
    expect(groups).toMatchObject([{ group: 'python bytecode', items: 1, files: 1 }]);
    expect(existsSync(join(path, '__pycache__'))).toBe(false);
    expect(readFileSync(join(outside, '__pycache__/x.pyc'), 'utf8')).toBe('theirs');
    if (!permanent) await cleanup.succeed('restore', { run: 'false' }, at);
  }
});

test('a repository inside that is named itself keeps what it tracks', async () => {
  const { at, write, path } = place();
  write('inner/lib/__pycache__/tracked.pyc', '');
  write('inner/.mypy_cache/x', '');
  const inner = repositoryAt(join(path, 'inner'));
  inner.git('init', '--quiet');
  inner.git('add', 'lib');
  const { findings, groups } = await cleanup.succeed<Cleaned>('caches', { path: 'inner' }, at);
  expect(findings.map(({ file }) => file)).toEqual(['inner/lib/__pycache__']);
  expect(groups).toMatchObject([{ group: 'tool caches', items: 1 }]);
});

test('a path outside of the workspace is refused', async () => {
  const { at } = place();
  expect((await cleanup.fail('caches', { path: '..' }, at)).code).toBe('outside_root');
});

test('[HYG-20] what was moved to the trash comes back byte for byte, but never over something new', async () => {
  const { at, path, write } = place();
  for (const [name, content] of Object.entries(LEFTOVERS)) write(name, content);
  symlinkSync('nowhere', join(path, 'src/__pycache__/link'));
  const before = picture(path);
  await cleanup.succeed('caches', {}, { ...at, run: 'run/1 ..' });
  write('.coverage', 'new');

  const first = await cleanup.succeed<{ restored: string[]; taken: string[] }>(
    'restore',
    { run: 'run/1 ..' },
    at,
  );
  expect(first.taken).toEqual(['.coverage']);
  expect(readFileSync(join(path, '.coverage'), 'utf8')).toBe('new');
  rmSync(join(path, '.coverage'));
  expect(await cleanup.succeed('restore', { run: 'run/1 ..' }, at)).toEqual({
    restored: ['.coverage'],
    taken: [],
  });
  expect(picture(path)).toEqual(before);
  expect(await cleanup.succeed('restore', { run: 'run/1 ..' }, at)).toEqual({ restored: [], taken: [] });
});

test('[HYG-20] permanent deletes, and nothing is in the trash', async () => {
  const { at, write, path } = place();
  write('.mypy_cache/x', '1');
  expect((await cleanup.succeed<Cleaned>('caches', { permanent: true }, at)).trash).toBe(null);
  expect(existsSync(join(path, '.mypy_cache'))).toBe(false);
  expect(readdirSync(at.dataDir)).toEqual([]);
});

test('[HYG-20] limits of age and size keep what is new', async () => {
  const { at, write, path } = place();
  for (const [name, days] of [
    ['a', 30],
    ['b', 20],
    ['c', 10],
  ] as const) {
    write(`${name}/__pycache__/x.pyc`, '12345');
    age(join(path, name, '__pycache__/x.pyc'), days);
  }
  const items = async (input: object) =>
    (await cleanup.run('caches', input, { ...at, mode: 'preview' })).effects;
  expect(await items({ olderThanDays: 25 })).toMatchObject([{ path: 'a/__pycache__' }]);
  expect(await items({ maxBytes: 10 })).toMatchObject([{ path: 'a/__pycache__' }]);
  expect(await items({ maxBytes: 15 })).toEqual([]);
  expect(await items({ maxBytes: 0 })).toHaveLength(3);
});

test('a swap file that may be in use stays until it is old, node_modules go only when asked for', async () => {
  const { at, write, path } = place();
  for (const name of ['src/.a.py.swp', 'notes.txt~', 'node_modules/left/index.js']) write(name, '');
  const planned = async (input: object) =>
    (await cleanup.run('caches', input, { ...at, mode: 'preview' })).effects.map(
      (effect) => 'path' in effect && effect.path,
    );
  expect(await planned({})).toEqual([]);
  age(join(path, 'src/.a.py.swp'), 8);
  age(join(path, 'notes.txt~'), 2);
  expect(await planned({})).toEqual(['notes.txt~', 'src/.a.py.swp']);
  expect(await planned({ nodeModules: true, groups: ['test caches'] })).toEqual(['node_modules']);
  expect(await planned({ exclude: ['notes*', 'src'] })).toEqual([]);
});

test('without caches there is nothing to do', async () => {
  const { at } = place();
  expect(await cleanup.fail('caches', {}, at)).toMatchObject({
    code: 'step_skipped',
    details: { reason: 'nothing_to_do' },
  });
});

test('a repository that git cannot read is left alone', async () => {
  const { at, write, path } = place();
  write('__pycache__/x.pyc', '');
  writeFileSync(join(path, '.git/index'), 'broken');
  expect((await cleanup.fail('caches', {}, at)).code).toBe('git_failed');
  expect(existsSync(join(path, '__pycache__/x.pyc'))).toBe(true);
});

test('a folder without git is cleaned too', async () => {
  const workspace = temporaryFolder();
  mkdirSync(join(workspace, '__pycache__'));
  expect(await cleanup.succeed('caches', {}, { workspace, dataDir: temporaryFolder() })).toMatchObject({
    metrics: { items: 1 },
  });
});

test('[HYG-3] a plan shows what goes by group and removes nothing', async () => {
  const { at, write, path } = place();
  write('.mypy_cache/x', '1234');
  const before = picture(path);
  const { effects } = await cleanup.run('caches', {}, { ...at, mode: 'preview' });
  expect(effects).toEqual([
    { kind: 'file', change: 'deleted', path: '.mypy_cache', files: 1, bytes: 4, group: 'tool caches' },
  ]);
  expect(picture(path)).toEqual(before);
  expect(readdirSync(at.dataDir)).toEqual([]);
});

test('the trash is emptied by age', async () => {
  const { at, write } = place();
  for (const run of ['old', 'new']) {
    write('.mypy_cache/x', '');
    await cleanup.succeed('caches', {}, { ...at, run });
  }
  age(join(at.dataDir, 'trash/old'), 40);
  expect(await cleanup.succeed('prune', {}, at)).toEqual({ removed: ['old'] });
  expect(readdirSync(join(at.dataDir, 'trash'))).toEqual(['new']);
});

/** A folder on another file system than the temporary ones, as a sandbox makes of two mounts. */
function otherDevice(): string | undefined {
  const candidate = '/dev/shm';
  if (!existsSync(candidate) || statSync(candidate).dev === statSync(tmpdir()).dev) return undefined;
  const folder = mkdtempSync(join(candidate, 'cadre-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return realpathSync(folder);
}

const hasOtherDevice = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev;

test.runIf(hasOtherDevice)('across file systems everything comes back byte for byte too', async () => {
  const { at, path, write } = place();
  for (const [name, content] of Object.entries(LEFTOVERS)) write(name, content);
  symlinkSync('nowhere', join(path, 'src/__pycache__/link'));
  const before = picture(path);
  const across = { ...at, dataDir: otherDevice() ?? '' };
  await cleanup.succeed('caches', {}, across);
  expect(existsSync(join(path, '.mypy_cache'))).toBe(false);
  await cleanup.succeed('restore', { run: 'test' }, across);
  expect(picture(path)).toEqual(before);
});

for (const device of ['same', 'other'] as const) {
  test.runIf(device === 'same' || hasOtherDevice)(
    `[HYG-20] killed in the middle of cleaning, everything can be put back (${device} device)`,
    async () => {
      const { at, path, write } = place();
      for (let index = 0; index < 400; index++) write(`d${index}/__pycache__/x.pyc`, `content ${index}`);
      const before = picture(path);
      const dataDir = device === 'same' ? at.dataDir : (otherDevice() ?? '');
      const items = join(dataDir, 'trash/test/items');
      mkdirSync(items, { recursive: true });
      let watcher: FSWatcher | undefined;
      const killed = await runInChild({
        worker: join(import.meta.dirname, 'worker.ts'),
        action: 'caches',
        input: {},
        workspace: path,
        dataDir,
        onStart(kill) {
          watcher = watch(items, () => {
            if (readdirSync(items).length >= 20) kill();
          });
        },
      });
      watcher?.close();
      expect(killed.signal).toBe('SIGKILL');
      expect(picture(path)).not.toEqual(before);

      await cleanup.succeed('restore', { run: 'test' }, { workspace: path, dataDir });
      expect(picture(path)).toEqual(before);
    },
  );
}

test('a run that goes on after it was killed leaves nothing aside', async () => {
  const { at, path, write } = place();
  write('a/__pycache__/x.pyc', 'whole');
  write('b/__pycache__/x.pyc', 'whole');
  const before = picture(path);
  const trash = join(at.dataDir, 'trash/test');
  mkdirSync(join(trash, 'items'), { recursive: true });
  // Killed between the renaming aside and the naming of the complete copy.
  const from = join(path, 'a/__pycache__');
  writeFileSync(
    join(trash, 'journal.jsonl'),
    `${JSON.stringify({ item: '0', path: from })}\n{"item":"1","pa`,
  );
  mkdirSync(join(trash, 'items/0.partial'));
  writeFileSync(join(trash, 'items/0.partial/x.pyc'), 'whole');
  renameSync(from, `${from}.cadre-moving`);

  await cleanup.succeed('caches', {}, at);
  expect(Object.keys(picture(path)).filter((name) => /moving|__pycache__/.test(name))).toEqual([]);
  await cleanup.succeed('restore', { run: 'test' }, at);
  expect(picture(path)).toEqual(before);
});

test('equal files are found by content, hard links and empty files are none', async () => {
  const { at, path, write } = place();
  write('one.bin', 'same content');
  write('two.bin', 'same content');
  write('three.bin', 'other conten');
  symlinkSync('one.bin', join(path, 'link.bin'));
  const { groups, wastedBytes } = await cleanup.succeed<{ groups: object[]; wastedBytes: number }>(
    'duplicates',
    {},
    at,
  );
  expect(groups).toMatchObject([{ bytes: 12, paths: ['one.bin', 'two.bin'] }]);
  expect(wastedBytes).toBe(12);
});

test('the largest files come first, ignored ones included', async () => {
  const { at, write } = place({ '.gitignore': 'big\n' });
  write('big', '1234567890');
  expect(await cleanup.succeed('largest', { limit: 1 }, at)).toMatchObject({
    files: [{ path: 'big', bytes: 10 }],
  });
});
