import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileIndex, NotedFile } from '../../ports/file-index.ts';
import type { Store } from '../../ports/store.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';
import { simulatedClock } from '../../testing/simulated-clock.ts';
import { openFileDigests } from './file-digests.ts';

let root = '';
let store: Store;
beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'cadre digests\n"Ω" ')));
  store = await openSqliteStore(':memory:');
  git('init', '--quiet');
});
afterEach(async () => {
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

const all = () => true;
const here = () => `${hostname()}:${root}`;
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' });

function put(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

function relink(): void {
  rmSync(join(root, 'link'));
  symlinkSync('b.txt', join(root, 'link'));
}

/** As another process would: nothing is remembered but what stands in the store. Time is `laterMs` after the files were written. */
function digests(laterMs = 10_000, index: FileIndex = store.files) {
  const clock = simulatedClock(Date.now() + laterMs);
  return openFileDigests({ workspace: root, environment: process.env, index, clock });
}

describe('the digest of files', () => {
  test.each<readonly [string, () => void]>([
    ['content', () => put('a.txt', 'two')],
    ['a new file', () => put('dir/new.txt', '')],
    ['a file that is gone', () => rmSync(join(root, 'a.txt'))],
    ['a name', () => git('mv', 'a.txt', 'z.txt')],
    ['the right to be run', () => chmodSync(join(root, 'a.txt'), 0o755)],
    ['where a link leads', relink],
    ['a repository inside', () => put('inner/file.txt', 'changed')],
  ])('is another after a change of %s', async (_, change) => {
    put('a.txt', 'one');
    put('b.txt', 'one');
    symlinkSync('a.txt', join(root, 'link'));
    put('inner/file.txt', 'inner');
    execFileSync('git', ['init', '--quiet'], { cwd: join(root, 'inner') });
    git('add', 'a.txt');
    const before = await digests().workspace(all);
    expect(await digests().workspace(all)).toBe(before);
    change();
    expect(await digests().workspace(all)).not.toBe(before);
  });

  test('rests neither on what git ignores nor on what is not meant', async () => {
    put('.gitignore', 'out/\n');
    put('a.txt', 'one');
    const before = await digests().workspace((path) => path !== 'b.txt');
    put('out/made.txt', 'x');
    put('b.txt', 'x');
    expect(await digests().workspace((path) => path !== 'b.txt')).toBe(before);
  });

  test('is the same for a copy, and for a folder without git', async () => {
    put('a.txt', 'one');
    const before = await digests().workspace(all);
    expect(await digests().copy(root, all)).toBe(before);
    rmSync(join(root, '.git'), { recursive: true });
    expect(await digests().workspace(all)).toBe(before);
  });
});

describe('the index of files', () => {
  test('a file is read once, and forgotten when it is gone', async () => {
    put('a.txt', 'one');
    put('b.txt', 'two');
    await digests().workspace(all);
    const noted = await store.files.read(here());
    expect([...noted.keys()].sort()).toEqual(['a.txt', 'b.txt']);
    const writes: ReadonlyMap<string, NotedFile>[] = [];
    const watched = {
      read: () => store.files.read(here()),
      note: async (_: string, files: ReadonlyMap<string, NotedFile>) => void writes.push(files),
    };
    await digests(10_000, watched).workspace(all);
    expect(writes).toEqual([]);
    rmSync(join(root, 'a.txt'));
    await digests().workspace(all);
    expect([...(await store.files.read(here())).keys()]).toEqual(['b.txt']);
  });

  test('what is noted is believed under the same stamp alone', async () => {
    put('a.txt', 'one');
    const before = await digests().workspace(all);
    const [[path, noted] = []] = await store.files.read(here());
    await store.files.note(
      here(),
      new Map([[path ?? '', { stamp: noted?.stamp ?? '', digest: 'believed' }]]),
      [],
    );
    expect(await digests().workspace(all)).not.toBe(before);
    await store.files.note(here(), new Map([[path ?? '', { stamp: 'other', digest: 'not believed' }]]), []);
    expect(await digests().workspace(all)).toBe(before);
  });

  test('a change that keeps size and time of modification is seen', async () => {
    put('a.txt', 'one');
    const { atime, mtime } = statSync(join(root, 'a.txt'));
    const before = await digests().workspace(all);
    put('a.txt', 'two');
    utimesSync(join(root, 'a.txt'), atime, mtime);
    expect(await digests().workspace(all)).not.toBe(before);
  });

  test('a file that changed within two seconds before it was looked at is not noted', async () => {
    put('a.txt', 'one');
    const digest = await digests(0).workspace(all);
    expect((await store.files.read(here())).size).toBe(0);
    expect(await digests().workspace(all)).toBe(digest);
    expect((await store.files.read(here())).size).toBe(1);
  });
});
