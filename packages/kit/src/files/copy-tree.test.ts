import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copyTree } from './copy-tree.ts';
import { isTaken } from './is-taken.ts';
import { tempDir } from './temp-dir.ts';

async function source() {
  const temporary = await tempDir('kit copy');
  onTestFinished(() => temporary.remove());
  const from = join(temporary.path, 'from');
  await mkdir(join(from, 'a/b'), { recursive: true });
  await writeFile(join(from, 'a/b/run me'), 'x'.repeat(10));
  await chmod(join(from, 'a/b/run me'), 0o751);
  await utimes(join(from, 'a/b/run me'), 1000, 2000);
  await symlink('../nowhere', join(from, 'a/broken'));
  await symlink('a', join(from, 'link'));
  return { from, to: join(temporary.path, 'to') };
}

test('copies content, modes, times and links as links', async () => {
  const { from, to } = await source();
  await chmod(join(from, 'a'), 0o555);
  onTestFinished(() => chmod(join(from, 'a'), 0o755));
  onTestFinished(() => chmod(join(to, 'a'), 0o755));
  const seen: number[] = [];
  const copied = await copyTree(from, to, { onProgress: ({ bytes }) => seen.push(bytes) });
  expect(copied).toEqual({ status: 'succeeded', files: 3, bytes: 10, skipped: [], failed: [] });
  expect(seen).toEqual([10]);
  const file = await stat(join(to, 'a/b/run me'));
  expect({ mode: file.mode & 0o7777, at: file.mtimeMs }).toEqual({ mode: 0o751, at: 2_000_000 });
  expect((await stat(join(to, 'a'))).mode & 0o777).toBe(0o555);
  expect(await readlink(join(to, 'a/broken'))).toBe('../nowhere');
  expect(await readlink(join(to, 'link'))).toBe('a');
  expect(await readFile(join(to, 'a/b/run me'), 'utf8')).toBe('x'.repeat(10));
});

test('leaves out what is not wanted, names what cannot be copied', async () => {
  const { from, to } = await source();
  execFileSync('mkfifo', [join(from, 'pipe')]);
  const copied = await copyTree(from, to, { include: (path) => path !== 'a' });
  expect(copied).toMatchObject({ status: 'succeeded', files: 1, skipped: ['pipe'] });
  expect(await isTaken(join(to, 'a'))).toBe(false);
});

test('refuses an existing target, a target inside the source, a missing source and a cancelled start', async () => {
  const { from, to } = await source();
  await expect(copyTree(join(from, 'gone'), to)).rejects.toMatchObject({ code: 'not_found' });
  await expect(copyTree(from, join(from, 'a/copy'))).rejects.toMatchObject({ code: 'refused' });
  await expect(copyTree(from, join(from, 'link/copy'))).rejects.toMatchObject({ code: 'refused' });
  await expect(copyTree(from, to, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  });
  await mkdir(to);
  await expect(copyTree(from, to)).rejects.toMatchObject({ code: 'exists' });
});

test('copies a single file', async () => {
  const { from, to } = await source();
  expect(await copyTree(join(from, 'a/b/run me'), to, { reflink: 'never' })).toMatchObject({
    files: 1,
    bytes: 10,
  });
});

test('one file that cannot be read does not stop the others', async () => {
  const { from, to } = await source();
  await writeFile(join(from, 'closed'), 'x', { mode: 0 });
  execFileSync('chmod', ['777', join(from, '..')]);
  const script = `
    import { copyTree } from ${JSON.stringify(new URL('./copy-tree.ts', import.meta.url).href)};
    if (process.getuid() === 0) process.setuid(65534);
    console.log(JSON.stringify(await copyTree(process.argv[1], process.argv[2])));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, from, to], {
    encoding: 'utf8',
  });
  expect(JSON.parse(printed)).toMatchObject({
    status: 'partial',
    files: 3,
    failed: [{ path: 'closed', message: expect.stringContaining('EACCES') }],
  });
});
