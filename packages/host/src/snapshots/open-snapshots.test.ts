import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { Snapshots } from '../ports/snapshots.ts';
import type { SnapshotLimits } from './look.ts';
import { openSnapshots } from './open-snapshots.ts';

let folder: string;
let workspace: string;
let snapshots: Snapshots;
const opened: Snapshots[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-snapshots-')));
  workspace = join(folder, 'work');
  mkdirSync(workspace);
  snapshots = start();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(changes: { keep?: number; limits?: SnapshotLimits; dataDir?: string } = {}): Snapshots {
  const dataDir = changes.dataDir ?? join(folder, 'data');
  const made = openSnapshots({
    workspace,
    dataDir,
    without: [dataDir],
    keep: 10,
    clock: systemClock(),
    ...changes,
  });
  opened.push(made);
  return made;
}

const at = (path: string) => join(workspace, path);
const read = (path: string) => readFileSync(at(path), 'utf8');
function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

/** What a step does, between the two looks. */
async function step(run: string, work: () => void, name = 'work', by = snapshots) {
  const open = await by.open({ run, step: name, attempt: 1 });
  work();
  return open.close();
}

const standings = async (run: string) =>
  (await snapshots.changes(run)).changes.map(({ path, change, standing }) => `${change} ${path} ${standing}`);

describe('[HYG-11] putting back what a run did', () => {
  test('restores content, mode, links and folders, and removes what was made', async () => {
    write('src/changed.ts', 'old');
    write('run.sh', '#!/bin/sh');
    chmodSync(at('run.sh'), 0o755);
    write('gone/deep/file.txt', 'kept');
    mkdirSync(at('empty'));
    symlinkSync('src/changed.ts', at('link'));
    symlinkSync('nowhere', at('dangling'));
    write('becomes-folder', 'a file');
    const told = await step('run_1', () => {
      write('src/changed.ts', 'new');
      chmodSync(at('run.sh'), 0o644);
      rmSync(at('gone'), { recursive: true });
      rmSync(at('empty'), { recursive: true });
      rmSync(at('link'));
      write('link', 'no link any more');
      rmSync(at('dangling'));
      rmSync(at('becomes-folder'));
      write('becomes-folder/inside', 'x');
      write('made/by/run.txt', 'made');
    });
    expect(told).toContainEqual({ path: 'src/changed.ts', change: 'modified' });
    expect(await snapshots.putBack('run_1', 'undo_1')).toMatchObject({
      removed: ['becomes-folder/inside', 'made/by/run.txt'],
      left: [],
    });
    expect(read('src/changed.ts')).toBe('old');
    expect(statSync(at('run.sh')).mode & 0o777).toBe(0o755);
    expect(read('gone/deep/file.txt')).toBe('kept');
    expect(statSync(at('empty')).isDirectory()).toBe(true);
    expect(readlinkSync(at('link'))).toBe('src/changed.ts');
    expect(readlinkSync(at('dangling'))).toBe('nowhere');
    expect(read('becomes-folder')).toBe('a file');
    expect(existsSync(at('made'))).toBe(false);
  });

  test('of several steps goes back to before the first, and names the steps', async () => {
    write('a', '1');
    await step('run_1', () => write('a', '2'), 'format');
    await step('run_1', () => write('a', '3'), 'lint');
    expect((await snapshots.changes('run_1')).changes).toMatchObject([
      { path: 'a', steps: ['format', 'lint'] },
    ]);
    await snapshots.putBack('run_1', 'undo_1');
    expect(read('a')).toBe('1');
  });

  test('a step that puts things as they were leaves nothing to undo', async () => {
    write('a', '1');
    await step('run_1', () => write('a', '2'));
    await step('run_1', () => write('a', '1'));
    expect(await snapshots.changes('run_1')).toMatchObject({ kept: true, changes: [] });
  });

  test('can be taken back, and is taken back only where nobody changed anything since', async () => {
    write('a', '1');
    write('b', '1');
    await step('run_1', () => {
      write('a', '2');
      rmSync(at('b'));
      write('c', 'made');
    });
    await snapshots.putBack('run_1', 'undo_1');
    write('a', 'mine');
    expect(await snapshots.putBack('undo_1', 'undo_2')).toMatchObject({
      restored: ['c'],
      removed: ['b'],
      left: [{ path: 'a', reason: 'changed_meanwhile' }],
    });
    expect([read('a'), existsSync(at('b')), read('c')]).toEqual(['mine', false, 'made']);
  });

  test('what somebody changed since, between two steps, or made in the way is left alone and named', async () => {
    for (const path of ['since', 'between', 'fine', 'removed', 'folder/file']) write(path, 'old');
    await step('run_1', () => {
      for (const path of ['since', 'between', 'fine', 'removed']) write(path, 'run');
      rmSync(at('folder'), { recursive: true });
    });
    write('between', 'mine');
    await step('run_1', () => write('between', 'run again'));
    write('since', 'mine');
    rmSync(at('removed'));
    write('folder', 'mine, and no folder');
    expect(await standings('run_1')).toEqual([
      'modified between changed_meanwhile',
      'modified fine restorable',
      'deleted folder/file restorable',
      'modified removed changed_meanwhile',
      'modified since changed_meanwhile',
    ]);
    const { restored, left } = await snapshots.putBack('run_1', 'undo_1');
    expect(restored).toEqual(['fine']);
    expect(left.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      'between changed_meanwhile',
      'folder changed_meanwhile',
      'folder/file changed_meanwhile',
      'removed changed_meanwhile',
      'since changed_meanwhile',
    ]);
    expect([read('since'), read('between'), read('folder')]).toEqual([
      'mine',
      'run again',
      'mine, and no folder',
    ]);
  });

  test('nothing is written through a link that leads out of the workspace', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    write('sub/file', 'old');
    await step('run_1', () => write('sub/file', 'new'));
    renameSync(at('sub'), join(folder, 'moved'));
    symlinkSync(outside, at('sub'));
    const { left } = await snapshots.putBack('run_1', 'undo_1');
    expect(left).toMatchObject([{ path: 'sub/file', reason: 'changed_meanwhile' }]);
    expect(existsSync(join(outside, 'file'))).toBe(false);
    expect(lstatSync(at('sub')).isSymbolicLink()).toBe(true);
  });

  test('a change of the same length within one tick of the clock is seen', async () => {
    write('a', 'aaaa');
    const open = await snapshots.open({ run: 'run_1', step: 'work', attempt: 1 });
    writeFileSync(at('a'), 'bbbb');
    expect(await open.close()).toEqual([{ path: 'a', change: 'modified' }]);
    const again = await snapshots.open({ run: 'run_1', step: 'work', attempt: 2 });
    writeFileSync(at('a'), 'cccc');
    expect(await again.close()).toEqual([{ path: 'a', change: 'modified' }]);
  });

  test('steps at the same time: what changed is put back, and no step claims it alone', async () => {
    write('a', '1');
    write('b', '1');
    const first = await snapshots.open({ run: 'run_1', step: 'one', attempt: 1 });
    const second = await snapshots.open({ run: 'run_1', step: 'two', attempt: 1 });
    write('a', '2');
    expect(await first.close()).toEqual([]);
    write('b', '2');
    expect(await second.close()).toEqual([]);
    expect((await snapshots.changes('run_1')).changes).toMatchObject([
      { path: 'a', steps: ['one', 'two'] },
      { path: 'b', steps: ['two'] },
    ]);
    await snapshots.putBack('run_1', 'undo_1');
    expect([read('a'), read('b')]).toEqual(['1', '1']);
  });
});

describe('what is kept', () => {
  test('equal contents once, and nothing again of what did not change', async () => {
    for (let file = 0; file < 50; file++) write(`same/${file}`, 'the same in all of them');
    await step('run_1', () => write('new', 'x'));
    await step('run_2', () => write('new', 'y'));
    const database = new DatabaseSync(join(folder, 'data/undo.db'), { readOnly: true });
    const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
    expect(count('contents')).toBe(3);
    // 50 files and their folder, and three states of the one that changed.
    expect(count('versions')).toBe(51 + 2);
    database.close();
    expect(statSync(join(folder, 'data/undo.db')).mode & 0o077).toBe(0);
  });

  test('caches, dependencies and git are not, nor the folders of Cadre should they lie in the workspace', async () => {
    const inside = start({ dataDir: at('.data') });
    write('node_modules/a/index.js', '1');
    write('build/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55');
    write('build/out', '1');
    write('env/pyvenv.cfg', '');
    write('vendor/kept.go', '1');
    const told = await step(
      'run_1',
      () => {
        for (const path of ['node_modules/a/index.js', 'build/out', 'env/lib.py', 'vendor/kept.go', '.git/x'])
          write(path, '2');
      },
      'work',
      inside,
    );
    expect(told).toEqual([{ path: 'vendor/kept.go', change: 'modified' }]);
  });

  test('a file that is too large is seen to change, told as not kept, and left alone', async () => {
    const small = start({ limits: { fileBytes: 10, bytes: 1_000 }, dataDir: join(folder, 'small') });
    write('large', 'x'.repeat(11));
    write('little', 'x');
    const open = await small.open({ run: 'run_1', step: 'work', attempt: 1 });
    expect(open.unkept).toBe(1);
    write('large', 'y'.repeat(12));
    write('little', 'y');
    await open.close();
    const { restored, left } = await small.putBack('run_1', 'undo_1');
    expect(restored).toEqual(['little']);
    expect(left).toMatchObject([{ path: 'large', reason: 'not_kept' }]);
    expect(read('large')).toBe('y'.repeat(12));
  });

  test('in all at most so much: what is over is told as not kept', async () => {
    const full = start({ limits: { fileBytes: 100, bytes: 150 }, dataDir: join(folder, 'full') });
    for (const name of ['a', 'b', 'c']) write(name, name.repeat(70));
    const open = await full.open({ run: 'run_1', step: 'work', attempt: 1 });
    expect(open.unkept).toBe(1);
    await open.close();
  });

  test('the newest runs only: an older one can no longer be undone, a newer one can', async () => {
    const two = start({ keep: 2, dataDir: join(folder, 'two') });
    for (const number of [1, 2, 3]) {
      write('a', `before ${number}`);
      await step(`run_${number}`, () => write('a', `run ${number}`), 'work', two);
    }
    expect(await two.changes('run_1')).toMatchObject({ kept: false, changes: [] });
    expect(await two.changes('run_2')).toMatchObject({ kept: true });
    await two.putBack('run_3', 'undo_1');
    expect(read('a')).toBe('before 3');
    const database = new DatabaseSync(join(folder, 'two/undo.db'), { readOnly: true });
    const texts = database.prepare('SELECT bytes FROM contents').all();
    expect(texts.map(({ bytes }) => Buffer.from(bytes as Uint8Array).toString())).not.toContain('before 1');
    database.close();
  });

  test('nothing, when nothing shall be kept', async () => {
    const none = start({ keep: 0, dataDir: join(folder, 'none') });
    expect(await step('run_1', () => write('a', '1'), 'work', none)).toEqual([]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('looks of several processes', () => {
  test('see what the other saw, in one order', async () => {
    const other = start();
    write('a', '1');
    await step('run_1', () => write('a', '2'));
    await step('run_2', () => write('a', '3'), 'work', other);
    expect((await snapshots.changes('run_2')).changes).toMatchObject([{ path: 'a', standing: 'restorable' }]);
    expect((await other.changes('run_1')).changes).toMatchObject([{ standing: 'changed_meanwhile' }]);
    await Promise.all([
      snapshots.changes('run_1'),
      other.changes('run_2'),
      step('run_3', () => {}, 'x', other),
    ]);
    await other.putBack('run_2', 'undo_1');
    await snapshots.putBack('run_1', 'undo_2');
    expect(read('a')).toBe('1');
  });

  test('a damaged file is a refusal that says what to do', async () => {
    mkdirSync(join(folder, 'broken'));
    writeFileSync(join(folder, 'broken/undo.db'), 'this is no database, whatever its name says'.repeat(100));
    const broken = start({ dataDir: join(folder, 'broken') });
    await expect(broken.open({ run: 'run_1', step: 'work', attempt: 1 })).rejects.toMatchObject({
      code: 'store_corrupt',
      hint: expect.stringContaining('move the file away'),
    });
  });
});

describe('commits', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
      cwd: workspace,
      encoding: 'utf8',
    }).trim();

  test('that were made during steps are named, also after git packed its branches', async () => {
    git('init', '--quiet', '--initial-branch=work');
    git('commit', '--quiet', '--allow-empty', '-m', 'start');
    const from = git('rev-parse', 'HEAD');
    git('pack-refs', '--all');
    await step('run_1', () => void git('commit', '--quiet', '--allow-empty', '-m', 'one'));
    await step('run_1', () => void git('commit', '--quiet', '--allow-empty', '-m', 'two'));
    const to = git('rev-parse', 'HEAD');
    git('commit', '--quiet', '--allow-empty', '-m', 'mine');
    expect((await snapshots.changes('run_1')).commits).toEqual([{ from, to, branch: 'work' }]);
  });
});
