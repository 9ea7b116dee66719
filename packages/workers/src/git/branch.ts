import { type ActionContext, defineAction } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess, writeGit } from './run-git.ts';

interface BranchInput {
  readonly path?: string;
  readonly create?: string;
  /** Where a new branch begins. Default the head. */
  readonly from?: string;
  /** Only a branch that is merged. */
  readonly delete?: string;
}

/** Creates or deletes a branch when asked to, and lists all. Fails with `git_failed` in git's words. */
export const branch = defineAction(async (input: BranchInput, context) => {
  const { root } = await openRepository(context, input.path);
  for (const args of commandsOf(input)) {
    if (context.mode === 'preview') {
      context.effect({
        kind: 'command',
        command: `git ${args.join(' ')}`,
        purpose: 'change the list of branches',
      });
    } else {
      expectSuccess(await writeGit(context, root, args), `git ${args.join(' ')}`);
    }
  }
  return { branches: await listBranches(context, root) };
});

function commandsOf(input: BranchInput): string[][] {
  const from = input.from === undefined ? [] : [checkedRevision(input.from)];
  return [
    ...(input.create === undefined ? [] : [['branch', checkedRevision(input.create), ...from]]),
    ...(input.delete === undefined ? [] : [['branch', '--delete', checkedRevision(input.delete)]]),
  ];
}

async function listBranches(context: ActionContext, root: string) {
  const format = ['%(refname:short)', '%(objectname)', '%(upstream:short)', '%(HEAD)'].join('%00');
  const listed = await readGit(context, root, ['for-each-ref', `--format=${format}`, 'refs/heads/']);
  const rows = expectSuccess(listed, 'listing the branches').split('\n');
  return rows.filter(Boolean).map((row) => {
    const [name = '', commit = '', upstream = '', head = ''] = row.split('\0');
    return { name, commit, upstream: upstream === '' ? null : upstream, current: head === '*' };
  });
}
