import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const git = checkedWorker(import.meta.dirname, worker);

test('status tells branch, upstream and every change, with any name', async () => {
  const repository = temporaryRepository({ 'a b.txt': '1', 'staged\n.txt': '1', 'gone.txt': '1' });
  repository.write('a b.txt', '2');
  repository.write('staged\n.txt', '2');
  repository.git('add', 'staged\n.txt');
  repository.git('rm', '--quiet', '--cached', 'gone.txt');
  const status = await git.succeed<{ entries: object[] }>('status', {}, { workspace: repository.path });
  expect(status).toMatchObject({ branch: 'work', upstream: null, clean: false, unfinished: null });
  expect(status.entries).toMatchObject([
    { path: 'a b.txt', kind: 'changed', staged: '.', unstaged: 'M' },
    { path: 'gone.txt', kind: 'changed', staged: 'D', unstaged: '.' },
    { path: 'staged\n.txt', kind: 'changed', staged: 'M', unstaged: '.' },
    { path: 'gone.txt', kind: 'untracked', head: null },
  ]);
});

test('a folder that is no repository is refused with a hint', async () => {
  const { workspace } = { workspace: '/proc' };
  expect(await git.fail('status', {}, { workspace })).toMatchObject({ code: 'not_a_repository' });
});

test('diff counts lines, tells binary files and takes paths literally', async () => {
  const repository = temporaryRepository({ 'a.txt': '1\n', '*.txt': '1\n', 'b.bin': '\0' });
  for (const [name, content] of [
    ['a.txt', '2\n'],
    ['*.txt', '2\n3\n'],
    ['b.bin', '\0\0'],
  ] as const) {
    repository.write(name, content);
  }
  const at = { workspace: repository.path };
  const all = await git.succeed<{ files: object[]; diff: string }>('diff', {}, at);
  expect(all.files).toEqual([
    { path: '*.txt', added: 2, deleted: 1, binary: false },
    { path: 'a.txt', added: 1, deleted: 1, binary: false },
    { path: 'b.bin', added: 0, deleted: 0, binary: true },
  ]);
  expect(all.diff).toContain('-1\n+2');
  const one = await git.succeed<{ files: object[] }>('diff', { paths: ['*.txt'], from: 'HEAD' }, at);
  expect(one.files).toHaveLength(1);
  expect((await git.fail('diff', { from: 'no-such' }, at)).code).toBe('git_failed');
});

test('log and show give commits as data, and files as they were', async () => {
  const repository = temporaryRepository({ 'a.txt': 'old\n' });
  repository.write('a.txt', 'new\n');
  repository.git('commit', '--quiet', '--all', '-m', 'second', '-m', 'with\nbody');
  const at = { workspace: repository.path };
  const { commits } = await git.succeed<{ commits: { id: string }[] }>('log', {}, at);
  expect(commits).toMatchObject([
    { subject: 'second', body: 'with\nbody', author: 'Test', parents: [commits[1]?.id] },
    { subject: 'first', body: '', parents: [] },
  ]);
  expect(await git.succeed('log', { range: 'HEAD~1..HEAD' }, at)).toMatchObject({
    commits: [{ subject: 'second' }],
  });
  const shown = await git.succeed<{ diff: string }>('show', {}, at);
  expect(shown).toMatchObject({
    commit: { subject: 'second' },
    files: [{ path: 'a.txt', added: 1, deleted: 1 }],
  });
  expect(shown.diff).toContain('-old\n+new');
  const file = await git.succeed('show', { revision: 'HEAD~1', file: 'a.txt' }, at);
  expect(file).toEqual({ file: { path: 'a.txt', binary: false, content: 'old\n' } });
  expect((await git.fail('show', { file: 'none.txt' }, at)).code).toBe('not_found');
});

test('a branch without commits has an empty log', async () => {
  expect(await git.succeed('log', {}, { workspace: temporaryRepository().path })).toEqual({ commits: [] });
});

test('a revision that git would take for an option is refused', async () => {
  const repository = temporaryRepository({ 'a.txt': '1' });
  const at = { workspace: repository.path };
  await expect(git.run('log', { range: '--output=stolen' }, at)).rejects.toThrow('does not fit the manifest');
  expect(existsSync(join(repository.path, 'stolen'))).toBe(false);
});

/** A repository whose own configuration names a program at every place that git knows. */
function hostileRepository() {
  const repository = temporaryRepository({
    '.gitattributes': '*.txt diff=evil filter=evil\n',
    'a.txt': '1\n',
  });
  const proof = join(repository.path, '.git/ran');
  const script = join(repository.path, '.git/evil.sh');
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> '${proof}'\ncat 2>/dev/null || true\n`, { mode: 0o755 });
  const names = ['core.fsmonitor', 'core.pager', 'diff.external', 'diff.evil.command', 'diff.evil.textconv'];
  const more = [
    'filter.evil.clean',
    'filter.evil.smudge',
    'pager.log',
    'gpg.program',
    'core.sshCommand',
    'core.editor',
  ];
  for (const name of [...names, ...more, 'core.askPass']) repository.git('config', name, script);
  repository.git('config', 'log.showSignature', 'true');
  repository.git('config', 'filter.evil.required', 'true');
  for (const hook of ['post-index-change', 'pre-commit', 'post-checkout', 'reference-transaction']) {
    repository.write(`.git/hooks/${hook}`, '');
    writeFileSync(join(repository.path, '.git/hooks', hook), `#!/bin/sh\necho ${hook} >> '${proof}'\n`, {
      mode: 0o755,
    });
  }
  repository.write('a.txt', '2\n');
  return { repository, proof };
}

test('[WRK-65] reading a hostile repository runs none of the programs that it names', async () => {
  const { repository, proof } = hostileRepository();
  const at = { workspace: repository.path };
  await git.succeed('status', {}, at);
  const diff = await git.succeed<{ diff: string }>('diff', {}, at);
  await git.succeed('diff', { from: 'HEAD', staged: true }, at);
  await git.succeed('log', { limit: 5 }, at);
  await git.succeed('show', {}, at);
  await git.succeed('show', { file: 'a.txt' }, at);
  await git.succeed('branch', {}, at);
  await git.succeed('tag', {}, at);
  await git.run('commit', { scope: 'all' }, { ...at, mode: 'preview' });
  await git.run('checkout', { revision: 'HEAD' }, { ...at, mode: 'preview' });
  expect(diff.diff).toContain('-1\n+2');
  expect(existsSync(proof)).toBe(false);

  // The trap works: plain git falls into it.
  repository.git('status');
  expect(existsSync(proof)).toBe(true);
});

test('[WRK-65] switching and branching in a hostile repository run no hook', async () => {
  const { repository, proof } = hostileRepository();
  repository.git('config', '--remove-section', 'filter.evil');
  const at = { workspace: repository.path };
  repository.git('-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=', 'status');
  await git.succeed('checkout', { create: 'topic' }, at);
  await git.succeed('branch', { create: 'other' }, at);
  await git.succeed('tag', { create: 'v1', message: 'one' }, at);
  expect(existsSync(proof)).toBe(false);
});
