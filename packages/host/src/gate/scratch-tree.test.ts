import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openScratchTrees, SCRATCH_LIMITS, type ScratchLimits, type ScratchTree } from './scratch-tree.ts';

let root: string;
let workspace: string;
let folder: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'cadre-scratch-')));
  workspace = join(root, 'a "work" space\n é');
  folder = join(root, 'scratch');
  await mkdir(workspace);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(files: Record<string, string | Buffer>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), content);
  }
}

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: workspace, stdio: 'pipe', encoding: 'utf8' });
const trees = (limits: Partial<ScratchLimits> = {}) =>
  openScratchTrees({
    workspace,
    folder,
    environment: process.env,
    limits: { ...SCRATCH_LIMITS, ...limits },
    giveAway: async () => async () => {},
  });

async function opened(): Promise<ScratchTree> {
  const tree = await trees().open('run_1');
  if (!tree.ok) throw new Error(tree.failure.message);
  return tree.output;
}

/** Links are not followed. */
function all({ root: tree }: ScratchTree): readonly string[] {
  const found = execFileSync('find', [tree, '-mindepth', '1', '-printf', '%P\\0'], { encoding: 'utf8' });
  return found.split('\0').slice(0, -1).sort();
}

describe('a scratch tree', () => {
  test('has what git sees, whatever the names, and links to what tools installed', async () => {
    git('init', '-q');
    await put({
      '.gitignore': 'node_modules\n*.log\ntarget\nsecret.env\n',
      'src/ö "x"\ny.ts': 'a',
      'new.txt': 'b',
      'big.log': 'c',
      'secret.env': 'd',
      'node_modules/p/index.js': 'e',
      'crate/target/out': 'f',
      'vendor/kept.go': 'g',
    });
    git('add', 'src');
    await symlink('../../outside', join(workspace, 'link'));
    const tree = await opened();
    expect(all(tree)).toEqual(
      [
        '.git',
        '.gitignore',
        'crate',
        'crate/target',
        'link',
        'new.txt',
        'node_modules',
        'src',
        'src/ö "x"\ny.ts',
        'vendor',
        'vendor/kept.go',
      ].sort(),
    );
    expect(await readlink(join(tree.root, 'node_modules'))).toBe(join(workspace, 'node_modules'));
    expect(await readlink(join(tree.root, 'link'))).toBe('../../outside');
    expect(await readFile(join(tree.root, 'node_modules/p/index.js'), 'utf8')).toBe('e');
  });

  test('is a checkout to git, whose own data it cannot harm', async () => {
    git('init', '-q');
    await put({ 'a.txt': 'one\n' });
    git('add', '.');
    const tree = await opened();
    await writeFile(join(tree.root, 'a.txt'), 'two\n');
    expect(execFileSync('git', ['diff', '--name-only'], { cwd: tree.root, encoding: 'utf8' })).toBe(
      'a.txt\n',
    );
  });

  test('outside of a checkout has everything but the usual caches', async () => {
    await put({
      'a.py': 'a',
      '__pycache__/a.pyc': 'b',
      '.venv/bin/python': 'c',
      'sub/node_modules/x.js': 'd',
      'sub/b': 'e',
    });
    const tree = await opened();
    expect(all(tree)).toEqual(['.venv', 'a.py', 'sub', 'sub/b', 'sub/node_modules']);
    expect((await lstat(join(tree.root, '.venv'))).isSymbolicLink()).toBe(true);
  });

  test('tells what became different, with a diff against the file of the workspace', async () => {
    await put({
      'a.txt': 'one\n',
      'gone.txt': 'x\n',
      'same.txt': 's',
      'binary.bin': Buffer.from([0, 1, 2]),
      'run.sh': '#!/bin/sh\n',
    });
    await chmod(join(workspace, 'run.sh'), 0o755);
    const tree = await opened();
    expect(await tree.changes()).toEqual([]);
    await writeFile(join(tree.root, 'a.txt'), 'two\n');
    await writeFile(join(tree.root, 'same.txt'), 's');
    await writeFile(join(tree.root, 'binary.bin'), Buffer.from([0, 9]));
    await rm(join(tree.root, 'gone.txt'));
    await mkdir(join(tree.root, 'new folder'));
    await writeFile(join(tree.root, 'new folder/b'), 'b\n');
    expect(await tree.changes()).toEqual([
      {
        kind: 'file',
        change: 'modified',
        path: 'a.txt',
        bytes: 4,
        diff: '--- a/a.txt\n+++ b/a.txt\n@@ -1,1 +1,1 @@\n-one\n+two\n',
      },
      { kind: 'file', change: 'modified', path: 'binary.bin', bytes: 2 },
      {
        kind: 'file',
        change: 'deleted',
        path: 'gone.txt',
        bytes: 2,
        diff: '--- a/gone.txt\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n',
      },
      {
        kind: 'file',
        change: 'created',
        path: 'new folder/b',
        bytes: 2,
        diff: expect.stringContaining('+++ b/new folder/b'),
      },
    ]);
    expect((await lstat(join(tree.root, 'run.sh'))).mode & 0o777).toBe(0o755);
  });

  test('keeps what earlier steps did, tells each change once and the last word against the workspace', async () => {
    await put({ 'a.txt': 'one\n', 'b.txt': 'b\n' });
    const tree = await opened();
    await writeFile(join(tree.root, 'a.txt'), 'two\n');
    expect((await tree.changes()).map((effect) => effect.kind === 'file' && effect.path)).toEqual(['a.txt']);
    await writeFile(join(tree.root, 'b.txt'), 'c\n');
    expect((await tree.changes()).map((effect) => effect.kind === 'file' && effect.path)).toEqual(['b.txt']);
    await writeFile(join(tree.root, 'a.txt'), 'one\n');
    expect(await tree.changes()).toEqual([]);
    expect(await readFile(join(workspace, 'a.txt'), 'utf8')).toBe('one\n');
  });

  test('one run has one tree, and removing it leaves nothing', async () => {
    await put({ 'a.txt': 'a' });
    const own = trees();
    const [first, second] = await Promise.all([own.open('run_1'), own.open('run_1')]);
    const third = await own.open('run/../2');
    if (!first.ok || !second.ok || !third.ok) throw new Error('not made');
    expect(second.output.root).toBe(first.output.root);
    expect(dirname(third.output.root)).toBe(folder);
    expect(third.output.root).not.toBe(first.output.root);
    await own.remove('run_1');
    await own.remove('run/../2');
    await own.remove('never-made');
    expect(await readdir(folder)).toEqual([]);
  });

  test('those of processes that are gone are removed', async () => {
    await put({ 'a.txt': 'a' });
    await mkdir(join(folder, '999999999-123-run_0'), { recursive: true });
    await mkdir(join(folder, `${process.pid}-1-run_0`), { recursive: true });
    const tree = await opened();
    expect(await readdir(folder)).toEqual([tree.root.slice(folder.length + 1)]);
  });

  test.each([
    { files: 2 },
    { bytes: 5 },
  ])('a workspace beyond %j is refused clearly and leaves nothing', async (limits) => {
    await put({ a: 'xx', b: 'xx', c: 'xx' });
    expect(await trees(limits).open('run_1')).toMatchObject({
      ok: false,
      failure: { code: 'too_large', hint: /gitignore/ },
    });
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });
});
