import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstMissing, pinnedFolders } from './pinned-folders.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cadre-pinned-'));
  mkdirSync(join(root, 'work/a/b/c'), { recursive: true });
  mkdirSync(join(root, 'work/read/in/deep'), { recursive: true });
  writeFileSync(join(root, 'work/file'), '');
  symlinkSync('a', join(root, 'work/link'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pinned = (writable: readonly string[], guarded: readonly string[]) =>
  pinnedFolders({ writable, guarded, sourceOf: (path) => join(root, path) });

test('[WRK-21] each folder between what may be written and what is guarded in it stays where it is', () => {
  expect(pinned(['/work'], ['/work/a/b/c', '/work/a/other', '/elsewhere/x'])).toEqual([
    '/work/a/b',
    '/work/a',
  ]);
  expect(pinned(['/work'], ['/work/a'])).toEqual([]);
});

test('what is no folder, a link, not there or a mount already is none of them', () => {
  expect(pinned(['/work'], ['/work/file/x', '/work/link/x', '/work/none/x'])).toEqual([]);
  expect(pinned(['/work', '/work/a'], ['/work/a/b', '/work/a/b/c'])).toEqual([]);
  expect(pinned(['/work'], ['/work/read', '/work/read/in/deep'])).toEqual([]);
});

test('of a way that is not there the first part is what nobody may make', () => {
  const isThere = (path: string) => ['/work', '/work/a'].includes(path);
  expect(firstMissing('/work/a/x/y', ['/work'], isThere)).toBe('/work/a/x');
  expect(firstMissing('/work/z', ['/work'], isThere)).toBe('/work/z');
  expect(firstMissing('/work/a', ['/work'], isThere)).toBeUndefined();
});
