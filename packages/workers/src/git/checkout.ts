import { type ActionContext, defineAction, type Effect } from '@cadre/sdk';
import { readGit, splitZero } from '../tree/read-git.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess, gitFailure, writeGit } from './run-git.ts';

interface CheckoutInput {
  readonly path?: string;
  /** Branch, tag or commit; with `create` where the new branch begins. Default the head. */
  readonly revision?: string;
  /** Name of a new branch. */
  readonly create?: string;
  readonly hooks?: boolean;
}

const CHANGES: Readonly<Record<string, Extract<Effect, { kind: 'file' }>['change']>> = {
  A: 'created',
  D: 'deleted',
};

/** Never throws local edits away: fails with `conflict` when they are in the way. */
export const checkout = defineAction(async (input: CheckoutInput, context) => {
  const { root } = await openRepository(context, input.path);
  const revision = checkedRevision(input.revision ?? 'HEAD');
  await reportDifferences(context, root, revision);
  if (context.mode === 'apply') {
    const branch = input.create === undefined ? [] : ['-b', checkedRevision(input.create)];
    const args = ['checkout', '--quiet', '--no-guess', '--no-track', ...branch, revision, '--'];
    const options = { hooks: input.hooks === true };
    const done = await writeGit(context, root, branch.length === 0 ? withoutTracking(args) : args, options);
    if (done.code !== 0) {
      const isInTheWay = /would be overwritten/.test(done.stderr);
      throw gitFailure(done, `checking out ${revision}`, isInTheWay ? 'conflict' : 'git_failed', {
        ...(isInTheWay ? { hint: 'commit or put aside the local edits first' } : {}),
      });
    }
  }
  const { branch, head } = await openRepository(context, input.path);
  return { branch, head };
});

/** git takes `--no-track` only together with a new branch. */
function withoutTracking(args: readonly string[]): string[] {
  return args.filter((argument) => argument !== '--no-track');
}

async function reportDifferences(context: ActionContext, root: string, revision: string): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-status', 'HEAD', revision, '--'];
  const listed = await readGit(context, root, args);
  const parts = splitZero(expectSuccess(listed, `comparing with ${revision}`, 'not_found'));
  for (const [index, letter] of parts.entries()) {
    const path = parts[index + 1];
    // Letter and path take turns.
    if (index % 2 === 0 && path !== undefined) {
      context.effect({ kind: 'file', change: CHANGES[letter] ?? 'modified', path });
    }
  }
}
