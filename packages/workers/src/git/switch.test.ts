import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const git = checkedWorker(import.meta.dirname, worker);

/** Two branches, `work` and `topic`, that both changed `a.txt`. */
function forkedRepository(topic = 'topic\n') {
  const repository = temporaryRepository({ 'a.txt': 'base\n', 'b.txt': 'base\n' });
  repository.git('checkout', '--quiet', '-b', 'topic');
  repository.write('a.txt', topic);
  repository.git('commit', '--quiet', '--all', '-m', 'topic');
  repository.git('checkout', '--quiet', 'work');
  repository.write('a.txt', 'work\n');
  repository.git('commit', '--quiet', '--all', '-m', 'work');
  return { ...repository, at: { workspace: repository.path } };
}

test('checking out a branch, a commit and a new branch', async () => {
  const { at, git: run } = forkedRepository();
  expect(await git.succeed('checkout', { revision: 'topic' }, at)).toMatchObject({ branch: 'topic' });
  expect(await git.succeed('checkout', { revision: 'HEAD~1' }, at)).toMatchObject({ branch: null });
  expect(await git.succeed('checkout', { create: 'new', revision: 'work' }, at)).toMatchObject({
    branch: 'new',
  });
  expect(run('rev-parse', 'new')).toBe(run('rev-parse', 'work'));
  expect((await git.fail('checkout', { revision: 'none' }, at)).code).toBe('not_found');
});

test('a check-out never throws local edits away', async () => {
  const { at, path, write } = forkedRepository();
  write('a.txt', 'mine\n');
  expect((await git.fail('checkout', { revision: 'topic' }, at)).code).toBe('conflict');
  expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('mine\n');
});

test('[HYG-3] a planned check-out names the files that would change', async () => {
  const { at, git: run } = forkedRepository();
  const { effects } = await git.run('checkout', { revision: 'topic' }, { ...at, mode: 'preview' });
  expect(effects).toEqual([{ kind: 'file', change: 'modified', path: 'a.txt' }]);
  expect(run('branch', '--show-current')).toBe('work');
});

test('[WRK-65] conflicts of a rebase are data; resolved it is continued, or it is aborted', async () => {
  const { at, git: run, write, path } = forkedRepository();
  const head = run('rev-parse', 'HEAD');
  const stopped = await git.succeed('rebase', { onto: 'topic' }, at);
  expect(stopped).toMatchObject({
    status: 'conflicts',
    conflicts: [
      {
        file: 'a.txt',
        base: run('rev-parse', 'HEAD~1:a.txt'),
        ours: run('rev-parse', 'topic:a.txt'),
        theirs: run('rev-parse', 'work:a.txt'),
      },
    ],
  });
  expect(await git.succeed('status', {}, at)).toMatchObject({ unfinished: 'rebase' });
  expect(await git.succeed('rebase', { abort: true }, at)).toMatchObject({ status: 'aborted', head });

  await git.succeed('rebase', { onto: 'topic' }, at);
  expect((await git.fail('rebase', { onto: 'topic' }, at)).code).toBe('conflict');
  write('a.txt', 'both\n');
  run('add', 'a.txt');
  expect(await git.succeed('rebase', { continue: true }, at)).toMatchObject({
    status: 'done',
    conflicts: [],
  });
  expect(run('log', '--format=%s').split('\n')).toEqual(['work', 'topic', 'first']);
  expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('both\n');
});

test('a rebase with local edits, without a rebase going on or with two wishes is refused', async () => {
  const { at, write } = forkedRepository();
  expect((await git.fail('rebase', { continue: true }, at)).code).toBe('conflict');
  expect((await git.fail('rebase', { continue: true, abort: true }, at)).code).toBe('invalid_input');
  write('b.txt', 'mine\n');
  expect((await git.fail('rebase', { onto: 'topic' }, at)).code).toBe('conflict');
});

test('[HYG-3] a planned rebase says how many commits it moves', async () => {
  const { at } = forkedRepository();
  const { effects } = await git.run('rebase', { onto: 'topic' }, { ...at, mode: 'preview' });
  expect(effects).toEqual([
    { kind: 'command', command: 'git rebase topic', purpose: 'put 1 commits on top of topic' },
  ]);
});

test('branches are made, listed and deleted only when merged', async () => {
  const { at } = forkedRepository();
  const made = await git.succeed<{ branches: object[] }>('branch', { create: 'twin' }, at);
  expect(made.branches).toMatchObject([{ name: 'topic' }, { name: 'twin' }, { name: 'work', current: true }]);
  await git.succeed('branch', { delete: 'twin' }, at);
  expect((await git.fail('branch', { delete: 'topic' }, at)).code).toBe('git_failed');
  const planned = await git.run('branch', { create: 'x' }, { ...at, mode: 'preview' });
  expect(planned.effects).toHaveLength(1);
  expect(planned.outcome).toMatchObject({
    ok: true,
    output: { branches: [{ name: 'topic' }, { name: 'work' }] },
  });
});

test('tags are made with and without message and never moved', async () => {
  const { at, git: run } = forkedRepository();
  const head = run('rev-parse', 'HEAD');
  await git.succeed('tag', { create: 'v1' }, at);
  const tagged = await git.succeed('tag', { create: 'v2', message: 'two' }, at);
  expect(tagged).toEqual({
    tags: [
      { name: 'v1', commit: head },
      { name: 'v2', commit: head },
    ],
  });
  expect((await git.fail('tag', { create: 'v1', revision: 'topic' }, at)).code).toBe('git_failed');
});

test('a work tree is added and removed, but not while it holds edits', async () => {
  const { at, path, write } = forkedRepository();
  const added = await git.succeed('worktree-add', { to: 'trees/t 1', revision: 'topic' }, at);
  expect(added).toMatchObject({ dir: 'trees/t 1', branch: 'topic' });
  write('trees/t 1/mine.txt', 'mine');
  expect((await git.fail('worktree-remove', { dir: 'trees/t 1' }, at)).code).toBe('git_failed');
  await git.succeed('worktree-add', { to: 'trees/2', create: 'fresh' }, at);
  await git.succeed('worktree-remove', { dir: 'trees/2' }, at);
  expect(existsSync(join(path, 'trees/2'))).toBe(false);
  expect((await git.fail('worktree-add', { to: '../outside' }, at)).code).toBe('outside_root');
});
