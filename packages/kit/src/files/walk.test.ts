import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from './temp-dir.ts';
import { type WalkOptions, walk } from './walk.ts';

async function tree(files: Record<string, string>): Promise<string> {
  const temporary = await tempDir('kit walk');
  onTestFinished(() => temporary.remove());
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(temporary.path, path)), { recursive: true });
    await writeFile(join(temporary.path, path), text);
  }
  return temporary.path;
}

async function paths(root: string, options?: WalkOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of walk(root, options)) found.push(entry.path);
  return found;
}

const CASES = {
  '.gitignore': '*.log\n!keep.log\nbuild/\n/only-here\nfolder\\ blank\n**/deep/*.tmp\n',
  'a.log': '',
  'keep.log': '',
  'build/x': '',
  'only-here': '',
  'sub/only-here': '',
  'sub/.gitignore': '!a.log\nkeep.log\n',
  'sub/a.log': '',
  'sub/keep.log': '',
  'sub/build': 'a file of that name',
  'folder blank/x': '',
  'x/deep/a.tmp': '',
  'x/deep/ü\n"name".txt': '',
  'B.txt': '',
};

test('lists what git would list, in a fixed order', async () => {
  const root = await tree(CASES);
  execFileSync('git', ['init', '-q', root]);
  const git = execFileSync('git', ['ls-files', '-z', '--others', '--exclude-standard'], { cwd: root });
  const expected = git.toString().split('\0').filter(Boolean).sort();
  const found: string[] = [];
  for await (const entry of walk(root)) if (entry.kind === 'file') found.push(entry.path);
  expect(found.toSorted()).toEqual(expected);
  expect(found[0]).toBe('.gitignore');
  const everything = await paths(root, { gitignore: false });
  expect(everything).toContain('build/x');
  expect(everything).toContain('.git/HEAD');
});

test('gives a folder before what it holds', async () => {
  const root = await tree({ 'b/c/d': '', a: '' });
  expect(await paths(root)).toEqual(['a', 'b', 'b/c', 'b/c/d']);
});

test('lists links as links; follows those inside on request, never out and never in circles', async () => {
  const root = await tree({ 'real/file': '', 'top/x': '' });
  await symlink('/etc', join(root, 'out'));
  await symlink('../..', join(root, 'real/up'));
  await symlink('../top', join(root, 'real/top'));
  await symlink('nowhere', join(root, 'broken'));
  await symlink('.', join(root, 'self'));
  expect(await paths(root)).toEqual([
    'broken',
    'out',
    'real',
    'real/file',
    'real/top',
    'real/up',
    'self',
    'top',
    'top/x',
  ]);
  const followed = await paths(root, { followLinks: true });
  expect(followed).toContain('real/top/x');
  expect(followed.filter((path) => path.startsWith('out/') || path.startsWith('self/'))).toEqual([]);
});

test('a missing root, a cancelled walk and an unreadable folder are told apart', async () => {
  const root = await tree({ 'closed/x': '', open: '' });
  await expect(paths(join(root, 'gone'))).rejects.toMatchObject({ code: 'not_found' });
  await expect(paths(root, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  await chmod(join(root, 'closed'), 0);
  await chmod(root, 0o755);
  const script = `
    import { walk } from ${JSON.stringify(new URL('./walk.ts', import.meta.url).href)};
    if (process.getuid() === 0) process.setuid(65534);
    const told = [];
    for await (const entry of walk(process.argv[1], { onUnreadable: (path) => told.push('unreadable ' + path) })) told.push(entry.path);
    console.log(told.join(','));
    try { for await (const entry of walk(process.argv[1])); } catch (error) { console.log(error.code); }`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, root], {
    encoding: 'utf8',
  });
  expect(printed).toBe('closed,unreadable closed,open\nnot_readable\n');
});

test('walks ten thousand files as a stream', async () => {
  const root = await tree({});
  for (let folder = 0; folder < 100; folder++) {
    await mkdir(join(root, `f${folder}`));
    const writes = Array.from({ length: 100 }, (_, file) =>
      writeFile(join(root, `f${folder}`, `${file}`), ''),
    );
    await Promise.all(writes);
  }
  let first: number | undefined;
  const startedAt = performance.now();
  let count = 0;
  for await (const _ of walk(root)) {
    first ??= performance.now() - startedAt;
    count += 1;
  }
  expect(count).toBe(10_100);
  expect(first).toBeLessThan((performance.now() - startedAt) / 2);
});
