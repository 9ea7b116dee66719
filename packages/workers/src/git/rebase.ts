import { type ActionContext, ActionError, defineAction } from '@cadre/sdk';
import { readCommits } from './read-commits.ts';
import { readConflicts } from './read-conflicts.ts';
import { describeRepository, openRepository, type Repository } from './repository.ts';
import { checkedRevision, gitFailure, writeGit } from './run-git.ts';

interface RebaseInput {
  readonly path?: string;
  /** Exactly one of the three. */
  readonly onto?: string;
  readonly continue?: boolean;
  readonly abort?: boolean;
  readonly hooks?: boolean;
}

/**
 * Puts the branch's commits on top of another revision. Conflicts are no failure but data: `status: conflicts`, to be
 * resolved and continued, or aborted. Fails with `conflict` when local edits are in the way.
 */
export const rebase = defineAction(async (input: RebaseInput, context) => {
  const repository = await openRepository(context, input.path);
  const command = commandOf(input, repository);
  if (context.mode === 'preview') {
    await previewRebase(input, repository, context);
    return { status: 'planned', head: repository.head, conflicts: [] };
  }
  return runRebase(context, repository, command, { hooks: input.hooks === true });
});

/** The status after a command that may have stopped at conflicts; anything else that went wrong is thrown. */
export async function runRebase(
  context: ActionContext,
  repository: Repository,
  command: readonly string[],
  options: { readonly hooks: boolean; readonly settings?: Readonly<Record<string, string>> },
) {
  const done = await writeGit(context, repository.root, command, options);
  const { head, unfinished } = (await describeRepository(context, repository.root)) ?? repository;
  const conflicts = unfinished === 'rebase' ? await readConflicts(context, repository.root) : [];
  if (done.code === 0) return { status: command.includes('--abort') ? 'aborted' : 'done', head, conflicts };
  if (conflicts.length > 0) return { status: 'conflicts', head, conflicts };
  const isInTheWay = /unstaged changes|uncommitted changes|would be overwritten/.test(done.stderr);
  throw gitFailure(done, `git ${command.join(' ')}`, isInTheWay ? 'conflict' : 'git_failed');
}

function commandOf(input: RebaseInput, { unfinished }: Repository): string[] {
  const chosen = [input.onto, input.continue || undefined, input.abort || undefined].filter(
    (part) => part !== undefined,
  );
  if (chosen.length !== 1) {
    throw new ActionError('invalid_input', 'name exactly one of onto, continue and abort');
  }
  if (input.onto !== undefined) {
    refuseUnfinished(unfinished);
    return ['rebase', '--no-autostash', checkedRevision(input.onto)];
  }
  if (unfinished !== 'rebase') throw new ActionError('conflict', 'no rebase is going on here');
  return ['rebase', input.abort ? '--abort' : '--continue'];
}

/** Throws `conflict` while a merge, a rebase or the like is going on. */
export function refuseUnfinished(unfinished: string | null): void {
  if (unfinished === null) return;
  throw new ActionError('conflict', `a ${unfinished} is going on here`, { hint: 'finish or abort it first' });
}

async function previewRebase(
  input: RebaseInput,
  { root }: Repository,
  context: ActionContext,
): Promise<void> {
  if (input.onto === undefined) {
    const command = `git rebase ${input.abort ? '--abort' : '--continue'}`;
    return context.effect({ kind: 'command', command, purpose: 'end the rebase that is going on' });
  }
  const commits = await readCommits(context, root, [`${checkedRevision(input.onto)}..HEAD`, '--']);
  context.effect({
    kind: 'command',
    command: `git rebase ${input.onto}`,
    purpose: `put ${commits.length} commits on top of ${input.onto}`,
  });
}
