import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import {
  repositoryAt,
  type TemporaryRepository,
  temporaryRepository,
} from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const git = checkedWorker(import.meta.dirname, worker);

interface Answer {
  readonly since: string;
  readonly files: readonly { readonly path: string; readonly deleted: boolean }[];
}

const changed = async ({ path }: TemporaryRepository, input: object = {}) => {
  const { since, files } = await git.succeed<Answer>('changed', input, { workspace: path });
  return { since, files: files.map((file) => (file.deleted ? `-${file.path}` : file.path)) };
};

function commit(repository: TemporaryRepository, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) repository.write(name, text);
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message', 'x');
}

test('[HYG-6] what changed since the merge base with the base branch, committed or not', async () => {
  const repository = temporaryRepository({ a: '1', gone: '1', '.gitignore': 'ignored\n' });
  repository.git('branch', '--quiet', '--force', 'main');
  commit(repository, { 'b c': '1' });
  repository.git('checkout', '--quiet', 'main');
  commit(repository, { theirs: '1' });
  repository.git('checkout', '--quiet', 'work');
  repository.write('a', '2');
  repository.write('ñ\n', '');
  repository.write('ignored', '');
  repository.git('rm', '--quiet', 'gone');
  expect(await changed(repository)).toEqual({ since: 'main', files: ['a', 'b c', '-gone', 'ñ\n'] });
  expect(await changed(repository, { base: 'HEAD' })).toEqual({
    since: 'HEAD',
    files: ['a', '-gone', 'ñ\n'],
  });
});

test('[HYG-6] the remote says which branch is the base; on that branch itself it is what was not pushed', async () => {
  const remote = temporaryRepository({ a: '1' });
  remote.git('branch', '--quiet', '--move', 'stem');
  const clone = repositoryAt(`${temporaryFolder()}/clone`);
  remote.git('clone', '--quiet', remote.path, clone.path);
  clone.git('config', 'user.name', 'x');
  clone.git('config', 'user.email', 'x@example.org');
  commit(clone, { b: '1' });
  expect(await changed(clone)).toEqual({ since: 'origin/stem', files: ['b'] });
});

test('[HYG-6] only what is staged, and before the first commit as well', async () => {
  const repository = temporaryRepository({ a: '1', b: '1' });
  repository.write('a', '2');
  repository.write('b', '2');
  repository.git('add', 'b');
  expect(await changed(repository, { staged: true })).toEqual({ since: 'the last commit', files: ['b'] });
  repository.git('checkout', '--quiet', '--orphan', 'new');
  repository.write('c', '');
  expect((await changed(repository, { staged: true })).files).toEqual(['a', 'b']);
  expect(await changed(repository)).toEqual({ since: 'the beginning', files: ['a', 'b', 'c'] });
});

test('a repository with one branch alone is compared with its last commit', async () => {
  const repository = temporaryRepository({ a: '1' });
  repository.write('b', '');
  expect(await changed(repository)).toEqual({ since: 'the last commit', files: ['b'] });
});

test('a base without a common commit is refused with what to do', async () => {
  const repository = temporaryRepository({ a: '1' });
  repository.git('checkout', '--quiet', '--orphan', 'main');
  commit(repository, { other: '1' });
  expect(await git.fail('changed', { base: 'work' }, { workspace: repository.path })).toMatchObject({
    code: 'no_base',
    hint: expect.stringContaining('git fetch'),
  });
  expect(await git.fail('changed', { base: '--output=x' }, { workspace: repository.path })).toMatchObject({
    code: 'invalid_input',
  });
});
