import { type ActionContext, ActionError } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { readGit } from '../tree/read-git.ts';
import { differsFromHead, followCommit, makeCommitIndex } from './commit-index.ts';
import { clearPending, findPending, notePending } from './pending-commit.ts';
import type { Repository } from './repository.ts';
import { expectSuccess, gitFailure, writeGit } from './run-git.ts';

export interface Place extends Repository {
  readonly branch: string;
  readonly head: string;
}

export interface Made {
  readonly commit: string;
  readonly paths: readonly string[];
  /** False when another command kept the user's index locked for so long that it was left behind. */
  readonly followed: boolean;
}

export interface CommitOrder {
  readonly unstaged: readonly string[];
  readonly all: boolean;
  readonly message: string;
  readonly signoff: boolean;
}

const IDENTITY_HINT = 'set git config user.name and user.email in this repository';

/**
 * Makes one commit of these files of the work tree, with `all` also of what is staged. Null when nothing differs.
 * Throws `commit_failed` with git's last lines, and `repository_locked`.
 */
export async function makeCommit(
  context: ActionContext,
  place: Place,
  order: CommitOrder,
): Promise<Made | null> {
  await refuseWhenLocked(place);
  const indexPath = await makeCommitIndex(context, place, {
    paths: order.unstaged,
    keepStaged: order.all,
  });
  if (!(await differsFromHead(context, place, indexPath))) return null;
  await notePending(context, {
    root: place.root,
    from: place.head,
    force: order.all,
    idempotencyKey: context.idempotencyKey,
  });
  const args = ['commit', '--quiet', '--file=-', ...(order.signoff ? ['--signoff'] : [])];
  const done = await writeGit(context, place.root, args, {
    stdin: order.message,
    hooks: true,
    env: { GIT_INDEX_FILE: indexPath },
  });
  if (done.code !== 0) {
    await clearPending(context);
    const isNobody = /tell me who you are|empty ident name|no email was given/.test(done.stderr);
    throw gitFailure(done, 'git commit', 'commit_failed', isNobody ? { hint: IDENTITY_HINT } : {});
  }
  return follow(context, place, order.all);
}

/**
 * Ends what an attempt that died had begun: if git made its commit, the index is told. Answers that commit when it
 * was this very step that made it.
 */
export async function resumeCommit(context: ActionContext, place: Place): Promise<Made | null> {
  const pending = await findPending(context, place.root);
  if (pending === undefined) return null;
  const parent = await revision(context, place, `${place.head}^`);
  if (parent !== pending.from) {
    await clearPending(context);
    return null;
  }
  const made = await follow(context, { ...place, head: pending.from }, pending.force);
  return pending.idempotencyKey === context.idempotencyKey ? made : null;
}

async function follow(context: ActionContext, place: Place, force: boolean): Promise<Made> {
  const commit = (await revision(context, place, 'HEAD')) ?? '';
  const { followed, paths } = await followCommit(context, place, { from: place.head, to: commit, force });
  if (followed) await clearPending(context);
  return { commit, paths, followed };
}

async function revision(context: ActionContext, place: Place, name: string): Promise<string | undefined> {
  const completed = await readGit(context, place.root, ['rev-parse', '--verify', '--quiet', name]);
  return completed.code === 0 ? expectSuccess(completed, 'reading the head').trim() : undefined;
}

/** The commit itself needs no lock of the user's index, but could not tell it afterwards. */
async function refuseWhenLocked(place: Place): Promise<void> {
  const lock = `${place.indexPath}.lock`;
  if (!(await isThere(lock))) return;
  throw new ActionError('repository_locked', `another git command is at work: ${lock} exists`, {
    retryable: true,
    hint: 'try again when it is over; remove the file if no git command runs any more',
  });
}
