import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../files/temp-dir.ts';
import { ensureDataDir, isInstalled } from './index.ts';

async function home(): Promise<string> {
  const temporary = await tempDir('kit data');
  onTestFinished(() => temporary.remove());
  return temporary.path;
}

test('makes the folder privately, once, and marks it with times [FND-14]', async () => {
  const homedir = await home();
  const options = { env: {}, platform: 'linux' as const, homedir, formatVersion: 3 };
  expect(await isInstalled('my-app', options)).toBe(false);
  const first = await ensureDataDir('my-app', { ...options, now: () => 0 });
  expect(first).toEqual({ path: join(homedir, '.local/share/my-app'), created: true });
  expect((await stat(first.path)).mode & 0o777).toBe(0o700);
  expect((await stat(join(homedir, '.local'))).mode & 0o777).toBe(0o700);
  await chmod(join(homedir, '.local'), 0o755);
  const second = await ensureDataDir('My-App', { ...options, now: () => 1000 });
  expect(second).toEqual({ path: first.path, created: false });
  expect((await stat(join(homedir, '.local'))).mode & 0o777).toBe(0o755);
  expect(JSON.parse(await readFile(join(first.path, '.app.json'), 'utf8'))).toEqual({
    app: 'my-app',
    formatVersion: 3,
    createdAt: '1970-01-01T00:00:00.000Z',
    lastUsedAt: '1970-01-01T00:00:01.000Z',
  });
  expect(await isInstalled('my-app', options)).toBe(true);
});

test('a folder that cannot be made is refused with path and owner [FND-14]', async () => {
  const homedir = await home();
  await mkdir(join(homedir, 'closed'));
  await chmod(join(homedir, 'closed'), 0o555);
  await chmod(homedir, 0o755);
  const script = `
    import { ensureDataDir } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    if (process.getuid() === 0) process.setuid(65534);
    const env = { MY_APP_HOME: process.argv[1] };
    await ensureDataDir('my-app', { env }).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
  const path = join(homedir, 'closed/deep/er');
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, path], {
    encoding: 'utf8',
  });
  expect(JSON.parse(printed)).toEqual({
    code: 'not_writable',
    message: expect.stringMatching(/closed\/deep\/er.*closed belongs to (user \d+|you)/),
  });
});

test('a file in the way is said plainly', async () => {
  const homedir = await home();
  await writeFile(join(homedir, 'file'), '');
  const at = (path: string) => ensureDataDir('my-app', { env: { MY_APP_HOME: join(homedir, path) } });
  await expect(at('file')).rejects.toMatchObject({ code: 'exists' });
  await expect(at('file/below')).rejects.toMatchObject({ code: 'not_found' });
});
