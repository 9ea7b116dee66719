import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileChange, FileWatchOptions } from '../ports/file-watch.ts';
import { until } from '../testing/until.ts';
import { watchWithChokidar } from './watch-with-chokidar.ts';

let root = '';
let stop = async () => {};
const heard: FileChange[] = [];
beforeEach(() => {
  heard.length = 0;
  root = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-watch-')));
});
afterEach(async () => {
  await stop();
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text = 'x'): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function watch(options: Partial<FileWatchOptions>): Promise<void> {
  stop = await watchWithChokidar({
    root,
    paths: ['src/**/*.ts'],
    ignore: [],
    initial: false,
    hear: (change) => heard.push(change),
    failed: (error) => {
      throw error;
    },
    ...options,
  });
}

const told = (path: string, change: FileChange['change']) => () =>
  heard.some((one) => one.path === path && one.change === change);

test('[WRK-79] tells what changes, also in a folder that vanished and came back, and nothing that is not asked for', async () => {
  write('src/a.ts');
  await watch({ ignore: ['src/generated/**'] });
  expect(heard).toEqual([]);
  write('src/a.ts', 'changed');
  await until('changed', told('src/a.ts', 'changed'));
  write('src/new/deep/b.ts');
  await until('added', told('src/new/deep/b.ts', 'added'));
  rmSync(join(root, 'src'), { recursive: true });
  await until('removed', told('src/a.ts', 'removed'));
  write('src/generated/g.ts');
  write('src/node_modules/m.ts');
  write('src/c.md');
  write('other/o.ts');
  write('src/last.ts');
  await until('came back', told('src/last.ts', 'added'));
  const paths = new Set(heard.map(({ path }) => path));
  expect([...paths].sort()).toEqual(['src/a.ts', 'src/last.ts', 'src/new/deep/b.ts']);
});

test('[WRK-79] tells what is there at the beginning when asked to', async () => {
  write('src/a.ts');
  await watch({ initial: true });
  expect(heard).toEqual([{ path: 'src/a.ts', change: 'added' }]);
});
