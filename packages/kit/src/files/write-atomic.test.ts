import { execFileSync } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { contentVersion } from './hash-file.ts';
import { tempDir } from './temp-dir.ts';
import { writeAtomic } from './write-atomic.ts';

const isRoot = process.getuid?.() === 0;

async function folder(): Promise<string> {
  const temporary = await tempDir('kit write');
  onTestFinished(() => temporary.remove());
  return temporary.path;
}

describe('writeAtomic', () => {
  test('replaces the content, keeps the mode and leaves nothing else behind [FND-29]', async () => {
    const at = await folder();
    const path = join(at, 'a "b"\nü.sh');
    await writeFile(path, 'old');
    await chmod(path, 0o754);
    const { version } = await writeAtomic(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o7777).toBe(0o754);
    expect(version).toBe(contentVersion(Buffer.from('new')));
    expect(await readdir(at)).toEqual(['a "b"\nü.sh']);
  });

  test('keeps the owner of the file that it replaces', async (context) => {
    context.skip(!isRoot, 'only root may have files of others');
    const path = join(await folder(), 'owned');
    await writeFile(path, 'old');
    await chown(path, 1234, 2345);
    await writeAtomic(path, 'new');
    expect(await stat(path)).toMatchObject({ uid: 1234, gid: 2345 });
    await writeAtomic(path, 'newer', { owner: { uid: 1, gid: 2 }, mode: 0o600 });
    const now = await stat(path);
    expect({ uid: now.uid, gid: now.gid, mode: now.mode & 0o7777 }).toEqual({ uid: 1, gid: 2, mode: 0o600 });
  });

  test('writes through a symbolic link, also one whose target is still to come', async () => {
    const at = await folder();
    await writeFile(join(at, 'target'), 'old');
    await symlink('target', join(at, 'link'));
    await symlink('later', join(at, 'dangling'));
    await writeAtomic(join(at, 'link'), 'new');
    await writeAtomic(join(at, 'dangling'), 'born');
    expect(await readFile(join(at, 'target'), 'utf8')).toBe('new');
    expect(await readFile(join(at, 'later'), 'utf8')).toBe('born');
    expect((await lstat(join(at, 'link'))).isSymbolicLink()).toBe(true);
  });

  test('writes only while the version is the expected one [FND-29]', async () => {
    const path = join(await folder(), 'file');
    const { version } = await writeAtomic(path, 'one', { ifVersion: null });
    await expect(writeAtomic(path, 'again', { ifVersion: null })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    });
    await writeAtomic(path, 'two', { ifVersion: version });
    await expect(writeAtomic(path, 'three', { ifVersion: version })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    });
    expect(await readFile(path, 'utf8')).toBe('two');
    await expect(writeAtomic(`${path}-gone`, 'x', { ifVersion: version })).rejects.toMatchObject({
      code: 'changed_meanwhile',
    });
    expect(await readdir(join(path, '..'))).toEqual(['file']);
  });

  test('only one of two creators of the same file wins', async () => {
    const path = join(await folder(), 'file');
    const attempts = Array.from({ length: 8 }, (_, index) =>
      writeAtomic(path, `${index}`, { ifVersion: null }),
    );
    const ends = await Promise.allSettled(attempts);
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
  });

  test('says plainly why it cannot write', async () => {
    const at = await folder();
    await mkdir(join(at, 'sub'));
    await symlink('round', join(at, 'round'));
    await expect(writeAtomic(join(at, 'no', 'file'), 'x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(writeAtomic(join(at, 'sub'), 'x')).rejects.toMatchObject({ code: 'invalid_value' });
    await expect(writeAtomic(join(at, 'round'), 'x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(writeAtomic(join(at, 'a\0b'), 'x')).rejects.toMatchObject({ code: 'invalid_value' });
    await expect(writeAtomic(join(at, 'n'.repeat(300)), 'x')).rejects.toMatchObject({
      code: 'invalid_value',
    });
  });

  test('refuses read-only folders and files for an ordinary user and leaves them as they are', async () => {
    const at = await folder();
    await writeFile(join(at, 'file'), 'old', { mode: 0o444 });
    await chmod(at, 0o555);
    onTestFinished(() => chmod(at, 0o755));
    const script = `
      import { writeAtomic } from ${JSON.stringify(new URL('./write-atomic.ts', import.meta.url).href)};
      if (process.getuid() === 0) process.setuid(65534);
      for (const name of ['file', 'other']) {
        await writeAtomic(process.argv[1] + '/' + name, 'new').catch((error) => console.log(error.code));
      }`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, at], {
      encoding: 'utf8',
    });
    expect(printed.trim().split('\n')).toEqual(['not_writable', 'not_writable']);
    expect(await readFile(join(at, 'file'), 'utf8')).toBe('old');
    expect(await readdir(at)).toEqual(['file']);
  });

  test('on a full disk the old file is intact and the failure is disk_full', async (context) => {
    const at = await folder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at], { stdio: 'pipe' });
    } catch (error) {
      return context.skip(`a small file system cannot be mounted here: ${error}`);
    }
    onTestFinished(() => void execFileSync('umount', [at]));
    const path = join(at, 'file');
    await writeFile(path, 'old');
    await expect(writeAtomic(path, Buffer.alloc(200_000, 1))).rejects.toMatchObject({
      code: 'disk_full',
      hint: 'free some space and try again',
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(at)).toEqual(['file']);
  });

  test('a process that is killed while it writes leaves the old or the new file [FND-29]', async () => {
    const path = join(await folder(), 'file');
    const script = `
      import { writeAtomic } from ${JSON.stringify(new URL('./write-atomic.ts', import.meta.url).href)};
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.argv[2]));
      for (let round = 0; ; round++) await writeAtomic(process.argv[1], String(round % 10).repeat(300_000));`;
    for (const afterMs of [5, 11, 17, 23, 31]) {
      try {
        execFileSync(process.execPath, ['--input-type=module', '-e', script, path, String(afterMs)], {
          stdio: 'pipe',
        });
      } catch {
        // It kills itself: the only way that it ends.
      }
      const text = await readFile(path, 'utf8').catch(() => '');
      expect([0, 300_000]).toContain(text.length);
      expect(new Set(text).size).toBeLessThanOrEqual(1);
    }
  });
});
