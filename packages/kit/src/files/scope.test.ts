import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isTaken } from './is-taken.ts';
import { openScope } from './scope.ts';
import { tempDir } from './temp-dir.ts';
import { restore } from './trash.ts';

async function folders() {
  const temporary = await tempDir('kit scope');
  onTestFinished(() => temporary.remove());
  const root = join(temporary.path, 'root');
  const sibling = join(temporary.path, 'root-of-others');
  await mkdir(root);
  await mkdir(sibling);
  await writeFile(join(sibling, 'secret'), 'theirs');
  return { root, sibling, trashDir: join(temporary.path, 'trash') };
}

test('a path leads out neither by dots, nor absolutely, nor by a sibling of a like name [FND-28]', async () => {
  const { root, sibling } = await folders();
  const scope = await openScope(root);
  for (const path of ['..', '../x', 'a/../../x', sibling, join(sibling, 'secret'), '/etc/passwd']) {
    await expect(scope.resolve(path)).rejects.toMatchObject({ code: 'outside_root' });
    await expect(scope.write(path, 'mine')).rejects.toMatchObject({ code: 'outside_root' });
  }
  expect(await scope.resolve('..a/b')).toBe(join(scope.root, '..a/b'));
  expect(await scope.resolve(join(root, 'new'))).toBe(join(scope.root, 'new'));
});

test('a link leads out neither when its target exists nor when it is still to come [FND-28]', async () => {
  const { root, sibling } = await folders();
  await symlink(sibling, join(root, 'out'));
  await symlink(join(sibling, 'not-yet'), join(root, 'later'));
  await symlink('inner/file', join(root, 'in'));
  const scope = await openScope(root);
  await expect(scope.readText('out/secret')).rejects.toMatchObject({ code: 'outside_root' });
  await expect(scope.write('out/new', 'x')).rejects.toMatchObject({ code: 'outside_root' });
  await expect(scope.write('later', 'x')).rejects.toMatchObject({ code: 'outside_root' });
  await mkdir(join(root, 'inner'));
  await scope.write('in', 'through the link');
  expect(await scope.readText('inner/file')).toBe('through the link');
});

test('the root may itself be reached through a link', async () => {
  const { root, sibling } = await folders();
  await symlink(root, join(sibling, 'way'));
  const scope = await openScope(join(sibling, 'way'));
  await scope.write('file', 'x');
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('x');
});

test('what is removed can be restored, and the root is never removed [FND-32]', async () => {
  const { root, sibling, trashDir } = await folders();
  const scope = await openScope(root);
  await mkdir(join(root, 'a b\n/c'), { recursive: true });
  await writeFile(join(root, 'a b\n/c/file'), 'kept');
  const trashed = await scope.remove('a b\n', { trashDir });
  expect(await isTaken(join(root, 'a b\n'))).toBe(false);
  await mkdir(join(root, 'a b\n'));
  const token = trashed?.token ?? '';
  await expect(restore(token, { trashDir })).rejects.toMatchObject({ code: 'exists' });
  await restore(token, { trashDir, to: join(root, 'back') });
  expect(await readFile(join(root, 'back/c/file'), 'utf8')).toBe('kept');
  await expect(restore(token, { trashDir })).rejects.toMatchObject({ code: 'not_found' });
  for (const path of ['', '.', 'back/..', root]) {
    await expect(scope.remove(path, { permanent: true })).rejects.toMatchObject({ code: 'refused' });
  }
  await expect(scope.remove(sibling, { permanent: true })).rejects.toMatchObject({ code: 'outside_root' });
  await expect(scope.remove('gone', { permanent: true })).rejects.toMatchObject({ code: 'not_found' });
  await expect(scope.remove('gone', { trashDir })).rejects.toMatchObject({ code: 'not_found' });
});

test('removing a link removes the link and not what it leads to', async () => {
  const { root, sibling, trashDir } = await folders();
  await symlink(sibling, join(root, 'out'));
  const scope = await openScope(root);
  const trashed = await scope.remove('out', { trashDir });
  expect(await readFile(join(sibling, 'secret'), 'utf8')).toBe('theirs');
  await restore(trashed?.token ?? '', { trashDir });
  expect(await readlink(join(root, 'out'))).toBe(sibling);
  await scope.remove('out', { permanent: true });
  expect(await readFile(join(sibling, 'secret'), 'utf8')).toBe('theirs');
});

test('a scope that was opened for reading changes nothing', async () => {
  const { root } = await folders();
  await writeFile(join(root, 'file'), 'x');
  const scope = await openScope(root, { readOnly: true });
  expect(await scope.readText('file')).toBe('x');
  await expect(scope.write('file', 'y')).rejects.toMatchObject({ code: 'refused' });
  await expect(scope.remove('file', { permanent: true })).rejects.toMatchObject({ code: 'refused' });
});
