import { defineAction } from '@cadre/sdk';
import { nameInside, resolveInside } from '../tree/safe-path.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess, writeGit } from './run-git.ts';

interface AddInput {
  readonly path?: string;
  /** New folder, relative to the workspace. */
  readonly to: string;
  /** What is checked out there. Default the head. */
  readonly revision?: string;
  /** A new branch for it; without, the head there is detached unless `revision` is a branch. */
  readonly create?: string;
}

export const addWorktree = defineAction(async (input: AddInput, context) => {
  const { root } = await openRepository(context, input.path);
  const folder = await resolveInside(context.workspace, input.to);
  const dir = await nameInside(context.workspace, folder);
  const revision = checkedRevision(input.revision ?? 'HEAD');
  context.effect({ kind: 'file', change: 'created', path: dir });
  if (context.mode === 'preview') return { dir, head: null, branch: null };
  const branch = input.create === undefined ? [] : ['-b', checkedRevision(input.create)];
  const args = ['worktree', 'add', '--quiet', ...branch, '--', folder, revision];
  expectSuccess(await writeGit(context, root, args), `adding the work tree ${dir}`);
  const made = await openRepository(context, folder);
  return { dir, head: made.head, branch: made.branch };
});

/** Fails with `git_failed` when the work tree holds edits: they are never thrown away. */
export const removeWorktree = defineAction(
  async (input: { readonly path?: string; readonly dir: string }, context) => {
    const { root } = await openRepository(context, input.path);
    const folder = await resolveInside(context.workspace, input.dir);
    const dir = await nameInside(context.workspace, folder);
    context.effect({ kind: 'file', change: 'deleted', path: dir });
    if (context.mode === 'preview') return { dir, removed: false };
    const args = ['worktree', 'remove', '--', folder];
    expectSuccess(await writeGit(context, root, args), `removing the work tree ${dir}`);
    return { dir, removed: true };
  },
);
