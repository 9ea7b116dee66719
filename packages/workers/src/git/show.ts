import { defineAction } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import { parseCounts } from './diff.ts';
import { readCommits } from './read-commits.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess } from './run-git.ts';

interface ShowInput {
  readonly path?: string;
  readonly revision?: string;
  /** Content of this file in the revision instead of the commit. */
  readonly file?: string;
}

/** One commit with its diff, or one file as it was. Fails with `not_found` for what does not exist there. */
export const show = defineAction(async (input: ShowInput, context) => {
  const { root } = await openRepository(context, input.path);
  const revision = checkedRevision(input.revision ?? 'HEAD');
  if (input.file === undefined) {
    const [commit] = await readCommits(context, root, ['--max-count=1', revision, '--']);
    const plain = ['show', '--format=', '--no-ext-diff', '--no-textconv', '--no-color', '--no-renames'];
    const run = async (...args: string[]) =>
      expectSuccess(await readGit(context, root, [...plain, ...args, revision, '--']), 'git show');
    return { commit, files: parseCounts(await run('--numstat', '-z')), diff: await run('--patch') };
  }
  const name = `${revision}:${input.file}`;
  const content = expectSuccess(
    await readGit(context, root, ['cat-file', 'blob', name]),
    `showing ${name}`,
    'not_found',
  );
  const binary = content.includes('\0') || content.includes('\uFFFD');
  return { file: { path: input.file, binary, content: binary ? null : content } };
});
