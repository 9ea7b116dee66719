import { defineAction } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess, writeGit } from './run-git.ts';

interface TagInput {
  readonly path?: string;
  readonly create?: string;
  /** What is tagged. Default the head. */
  readonly revision?: string;
  /** With a message the tag is an annotated one. */
  readonly message?: string;
}

/** Creates a tag when asked to, and lists all. An existing tag is never moved. */
export const tag = defineAction(async (input: TagInput, context) => {
  const { root } = await openRepository(context, input.path);
  if (input.create !== undefined) {
    const name = checkedRevision(input.create);
    const revision = checkedRevision(input.revision ?? 'HEAD');
    context.effect({ kind: 'command', command: `git tag ${name} ${revision}`, purpose: 'make a tag' });
    const annotated = input.message === undefined ? ['--no-sign'] : ['--annotate', '--file=-'];
    const args = ['tag', ...annotated, name, revision];
    if (context.mode === 'apply') {
      expectSuccess(await writeGit(context, root, args, { stdin: input.message ?? '' }), `git tag ${name}`);
    }
  }
  const format = '--format=%(refname:short)%00%(objectname)%00%(*objectname)';
  const listed = expectSuccess(
    await readGit(context, root, ['for-each-ref', format, 'refs/tags/']),
    'listing the tags',
  );
  const tags = listed
    .split('\n')
    .filter(Boolean)
    .map((row) => {
      const [name = '', object = '', peeled = ''] = row.split('\0');
      return { name, commit: peeled === '' ? object : peeled };
    });
  return { tags };
});
