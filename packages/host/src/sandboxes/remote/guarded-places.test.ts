import { expect, test } from 'vitest';
import { grantedWays } from './granted-ways.ts';
import { guardedPlaces } from './guarded-places.ts';
import type { Change } from './remote-protocol.ts';

const ways = grantedWays({
  readable: ['/work/.git/hooks', '/other'],
  writable: ['/work', '/Work', '/data/file'],
  hidden: ['/work/sub/.env'],
  packages: [],
  caches: [],
});
const impossible = guardedPlaces(ways);
const folder = (path: string) => impossible({ kind: 'folder', path, mode: 0o755 }, undefined);
const link = (path: string) => impossible({ kind: 'link', path, to: 'x' }, undefined);
const gone = (path: string): Change => ({ kind: 'gone', path });

test('[WRK-19] what is guarded is what lies in something that may be written', () => {
  expect(ways.guarded).toEqual(['/work/.git/hooks', '/work/sub/.env']);
});

test.each([
  '/work/.GIT/x',
  '/work/.git/HOOKS/pre-commit',
  '/work/.g\u200cit',
  '/work/SUB',
])('[WRK-19] %j would be something guarded on a system that takes the two for one', (path) =>
  expect(folder(path)).toContain('another name for'));

test.each([
  '/work/.github',
  '/work/.git/other',
  '/work/git',
  '/Work/x',
  '/work/README',
])('%s is a name like any other', (path) => expect(folder(path)).toBeUndefined());

test('[WRK-19] folders around what is guarded stay folders, and where what was granted begins stays what it is', () => {
  expect(impossible(gone('/work/.git'), undefined)).toContain('around something guarded');
  expect(link('/work/sub')).toContain('around something guarded');
  expect(folder('/work/sub')).toBeUndefined();
  expect(impossible(gone('/work'), undefined)).toContain('begins');
  expect(link('/data/file')).toContain('begins');
  const file = { kind: 'file', path: '/data/file', size: 0, mode: 0o644, hash: '' } as const;
  expect(impossible(file, file)).toBeUndefined();
  expect(impossible(file, { kind: 'folder', path: '/data/file', mode: 0o755 })).toContain('begins');
});
