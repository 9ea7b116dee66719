import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { headCommit } from './head-commit.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-head-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

test('[HYG-11] where a checkout stands is read as git says it: on a branch, packed, detached, linked', () => {
  const main = join(folder, 'main');
  git(folder, 'init', '--quiet', '--initial-branch=topic/one', 'main');
  expect(headCommit(main)).toEqual({ branch: 'topic/one' });
  git(main, 'commit', '--quiet', '--allow-empty', '-m', 'start');
  const commit = git(main, 'rev-parse', 'HEAD');
  expect(headCommit(main)).toEqual({ commit, branch: 'topic/one' });
  git(main, 'pack-refs', '--all');
  expect(headCommit(main)).toEqual({ commit, branch: 'topic/one' });
  git(main, 'worktree', 'add', '--quiet', '-b', 'other', '../linked');
  git(join(folder, 'linked'), 'commit', '--quiet', '--allow-empty', '-m', 'more');
  const more = git(join(folder, 'linked'), 'rev-parse', 'HEAD');
  expect(headCommit(join(folder, 'linked'))).toEqual({ commit: more, branch: 'other' });
  git(main, 'checkout', '--quiet', '--detach');
  expect(headCommit(main)).toEqual({ commit });
});

test('outside of a checkout, and where git is not what it seems, there is none', () => {
  expect(headCommit(folder)).toEqual({});
  writeFileSync(join(folder, '.git'), 'gitdir: nowhere\n');
  expect(headCommit(folder)).toEqual({});
});
