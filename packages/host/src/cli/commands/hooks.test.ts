import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE } from '../../installation.ts';
import { temporaryPlace } from '../testing/temporary-place.ts';

const PACKAGE_JSON = '{ "type": "module", "scripts": { "test": "node --test" } }\n';
const testOf = (text: string) => `import { test } from 'node:test';\ntest('one', () => {${text}});\n`;

test('[HYG-41] after one install each commit has been through the profile quick as it was staged', {
  timeout: 120_000,
}, async () => {
  const { folder, git, write, cadre, cadreAs, home } = temporaryPlace({ 'package.json': PACKAGE_JSON });
  const program = join(PACKAGE, 'bin/cadre.js');
  // The hook calls the program that installed it.
  expect(await cadreAs(program, 'hooks', 'install')).toMatchObject({ code: 0 });
  const script = readFileSync(join(folder, '.git/hooks/pre-commit'), 'utf8');
  expect(await cadreAs(program, 'hooks', 'install')).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, '.git/hooks/pre-commit'), 'utf8')).toBe(script);
  expect((await cadre('hooks', 'status')).stdout).toMatch(/installed; 3 hooks[\s\S]*format +profile quick/);
  const commit = () =>
    spawnSync('git', ['commit', '--message', 'x'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, CADRE_HOME: home },
    });

  const committed = (path: string) =>
    spawnSync('git', ['show', `HEAD:${path}`], { cwd: folder, encoding: 'utf8' }).stdout;

  write({ 'a.js': 'const a = 1;   \n', 'a.test.js': testOf('') });
  git('add', '--all');
  write({ 'later.js': 'const b = 1;   \n' });
  const done = commit();
  expect(done).toMatchObject({ status: 0 });
  expect(committed('a.js')).toBe('const a = 1;\n');
  expect(git('status', '--porcelain')).toBe('?? later.js');

  write({ 'a.test.js': testOf(' throw new Error("no"); ') });
  git('add', 'a.test.js');
  const refused = commit();
  expect(refused.status).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain('1 failed');

  // The profile is the repository's own.
  write({
    'cadre.yaml':
      'hygiene: { profiles: { quick: { steps: [format, backup], inputs: { exclude: [kept.js] } } } }\n',
  });
  write({ 'kept.js': 'const k = 1;   \n', 'b.js': 'const b = 1;   \n' });
  git('add', 'a.test.js', 'b.js', 'kept.js');
  expect(commit()).toMatchObject({ status: 0 });
  expect(committed('b.js')).toBe('const b = 1;\n');
  expect(readFileSync(join(folder, 'kept.js'), 'utf8')).toBe('const k = 1;   \n');
  expect((await cadre('hooks', 'status')).stdout).toMatch(/backup +profile quick +cannot run/);

  expect(await cadre('hooks', 'uninstall')).toMatchObject({ code: 0 });
  write({ 'c.js': 'const c = 1;   \n' });
  git('add', 'c.js');
  expect(commit()).toMatchObject({ status: 0 });
  expect(committed('c.js')).toBe('const c = 1;   \n');
});

test('[HYG-41] an entry is added to lefthook.yml on request, once, and taken out again', async () => {
  const { folder, git, cadre } = temporaryPlace({
    'lefthook.yml': '# ours\npre-commit:\n  commands:\n    mine: { run: "true" } # first\n',
  });
  const read = () => readFileSync(join(folder, 'lefthook.yml'), 'utf8');
  const before = read();
  expect(await cadre('hooks', 'install', '--into', 'lefthook')).toMatchObject({ code: 0 });
  const added = read();
  expect(added).toContain('run hygiene --profile quick --staged --yes');
  for (const kept of ['# ours', '# first']) expect(added).toContain(kept);
  expect(await cadre('hooks', 'install', '--into', 'lefthook')).toMatchObject({ code: 0 });
  expect(read()).toBe(added);
  git('add', '--all');
  expect((await cadre('hooks', 'status')).stdout).toMatch(/format +profile quick/);
  expect(await cadre('hooks', 'uninstall')).toMatchObject({ code: 0 });
  expect(read()).not.toContain('cadre');
  expect(read()).toContain('# first');
  expect(before).toContain('mine');
  expect(await cadre('hooks', 'install', '--into', 'nowhere')).toMatchObject({ code: 2 });
});
