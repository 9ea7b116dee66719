import { expect, test } from 'vitest';
import type { ListedEntry } from '../../tree/list-files.ts';
import { findOpenModes } from './find-open-modes.ts';

const entry = (path: string, mode: number): ListedEntry => ({
  path,
  mode,
  kind: 'file',
  bytes: 1,
  modifiedMs: 0,
});
const calm = ['a', 'b', 'c', 'd'].map((path) => entry(path, 0o644));
const told = (entries: readonly ListedEntry[], platform?: NodeJS.Platform) =>
  findOpenModes(entries, platform).map(({ rule, path }) => `${path} ${rule.id}`);

test('[HYG-23] a file that everybody may change and a key that others may read are found', () => {
  expect(
    told([...calm, entry('run.sh', 0o777), entry('home/id_ed25519', 0o644), entry('tls/server.key', 0o600)]),
  ).toEqual(['run.sh file-world-writable', 'home/id_ed25519 file-readable-key']);
});

test('where nearly all files are open it is one finding, because the file system has no modes', () => {
  expect(told([...calm.slice(0, 1), ...['x', 'y', 'z'].map((path) => entry(path, 0o666))])).toEqual([
    '. file-world-writable',
  ]);
});

test('links and Windows have no modes of their own', () => {
  expect(told([...calm, { ...entry('link', 0o777), kind: 'link' }])).toEqual([]);
  expect(told([...calm, entry('run.sh', 0o777)], 'win32')).toEqual([]);
});
