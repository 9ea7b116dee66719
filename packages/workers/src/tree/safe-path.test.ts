import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { blobId } from './blob-id.ts';
import { resolveEntryInside, resolveInside } from './safe-path.ts';

const refused = { failure: { code: 'outside_root' } };

test('paths that leave the root by dots, from the top or over links are refused', async () => {
  const outside = temporaryFolder();
  const root = temporaryFolder();
  symlinkSync(outside, join(root, 'way-out'));
  symlinkSync(join(outside, 'missing'), join(root, 'broken'));

  for (const path of [
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    'way-out',
    'way-out/x',
    'broken',
    `${root}-twin`,
  ]) {
    await expect(resolveInside(root, path), path).rejects.toMatchObject(refused);
  }
});

test('a sibling that shares the beginning of the name is outside, `..x` is an ordinary name', async () => {
  const root = temporaryFolder();
  expect(await resolveInside(root, '..x')).toBe(join(root, '..x'));
  await expect(resolveInside(root, `${root}2`)).rejects.toMatchObject(refused);
});

test('links that stay inside are followed, but as an entry the link itself is meant', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'link'));
  symlinkSync('/etc', join(root, 'out'));

  expect(await resolveInside(root, 'link/new.txt')).toBe(join(root, 'real/new.txt'));
  expect(await resolveEntryInside(root, 'link')).toBe(join(root, 'link'));
  expect(await resolveEntryInside(root, 'out')).toBe(join(root, 'out'));
  await expect(resolveEntryInside(root, 'out/passwd')).rejects.toMatchObject(refused);
});

test('a root that is reached over a link may be named by that link', async () => {
  const root = temporaryFolder();
  const place = temporaryFolder();
  symlinkSync(root, join(place, 'here'));
  expect(await resolveInside(join(place, 'here'), join(place, 'here/a'))).toBe(join(root, 'a'));
});

test('a blob id is the one that git gives', () => {
  // printf 'hello\n' | git hash-object --stdin
  expect(blobId(Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
});
