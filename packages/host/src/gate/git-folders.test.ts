import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitFolders } from './git-folders.ts';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'cadre git ')));
  await mkdir(join(root, 'repo'));
  git('repo', 'init', '-q', '-b', 'main');
  git(
    'repo',
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@example.org',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'x',
  );
});
afterEach(() => rm(root, { recursive: true, force: true }));

const git = (folder: string, ...args: string[]) =>
  execFileSync('git', args, { cwd: join(root, folder), stdio: 'pipe' });

describe('the folders of git', () => {
  test('are one in an ordinary checkout, and none outside of one', async () => {
    const own = join(root, 'repo/.git');
    expect(await gitFolders(join(root, 'repo'))).toEqual({ own, joint: own });
    expect(await gitFolders(root)).toBeUndefined();
  });

  test('are two in a linked worktree', async () => {
    git('repo', 'worktree', 'add', '-q', '-b', 'linked', '../linked tree');
    expect(await gitFolders(join(root, 'linked tree'))).toEqual({
      own: join(root, 'repo/.git/worktrees/linked-tree'),
      joint: join(root, 'repo/.git'),
    });
  });

  test('of a submodule lie in the checkout around it', async () => {
    git('repo', 'clone', '-q', '.', '../other');
    git('repo', '-c', 'protocol.file.allow=always', 'submodule', '-q', 'add', join(root, 'other'), 'inner');
    const own = join(root, 'repo/.git/modules/inner');
    expect(await gitFolders(join(root, 'repo/inner'))).toEqual({ own, joint: own });
  });

  test('[WRK-21] a file that names a folder which does not point back is not believed', async () => {
    await mkdir(join(root, 'evil'));
    await mkdir(join(root, 'home/worktrees/evil'), { recursive: true });
    await writeFile(join(root, 'evil/.git'), `gitdir: ${join(root, 'home')}\n`);
    expect(await gitFolders(join(root, 'evil'))).toBeUndefined();
    await writeFile(join(root, 'evil/.git'), `gitdir: ${join(root, 'repo/.git')}\n`);
    expect(await gitFolders(join(root, 'evil'))).toBeUndefined();
  });

  test('[WRK-21] a link that leads out of the checkout is not followed', async () => {
    await mkdir(join(root, 'evil'));
    await symlink(join(root, 'repo/.git'), join(root, 'evil/.git'));
    expect(await gitFolders(join(root, 'evil'))).toBeUndefined();
  });
});
