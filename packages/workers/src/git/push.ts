import { type ActionContext, ActionError, type Completed, defineAction, skip } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { readGit } from '../tree/read-git.ts';
import { isProtected, PROTECTED_BRANCHES } from './protected-branch.ts';
import { type Remote, remoteOf } from './remote.ts';
import { type Auth, type RemoteAccess, withRemote } from './remote-access.ts';
import { hostOf, maskAddresses } from './remote-address.ts';
import { remoteFailure } from './remote-failure.ts';
import { openRepositoryOrSkip, type Repository } from './repository.ts';
import { writeGit } from './run-git.ts';

interface PushInput {
  readonly path?: string;
  readonly protected?: readonly string[];
  readonly allowProtected?: boolean;
  readonly auth?: Auth;
}

/**
 * Pushes the current branch to its upstream, else to the only remote, which becomes its upstream. Never forces.
 * Skips with `not_a_repository`, `detached_head`, `unborn_branch`, `protected_branch`, `nothing_to_do`. Fails with
 * `push_rejected` after fetching what is new there, `push_failed`, `not_configured`.
 */
export const push = defineAction(async (input: PushInput, context) => {
  const repository = await openRepositoryOrSkip(context, input.path);
  const { branch, head } = repository;
  if (branch === null) throw skip('detached_head', 'the head is detached', 'check out a branch');
  if (head === null) throw skip('unborn_branch', `${branch} has no commit yet`);
  const remote = await remoteOf(context, repository, branch);
  refuseProtected(input, [branch, remote.branch]);
  const commits = await commitsToPush(context, repository, branch, remote);
  const target = `${remote.name}/${remote.branch}`;
  const purpose = `push ${commits} commits of ${branch} to ${target}`;
  const done = { branch, remote: remote.name, remoteBranch: remote.branch, commits, head };
  if (commits === 0 && remote.isUpstream) throw skip('nothing_to_do', `${target} has everything already`);
  context.effect({ kind: 'network', host: hostOf(remote.address), purpose });
  if (context.mode === 'preview') return { ...done, pushed: false };

  const upstream = remote.isUpstream ? [] : ['--set-upstream'];
  const reference = `refs/heads/${branch}:refs/heads/${remote.branch}`;
  const args = ['push', '--porcelain', '--no-follow-tags', '--recurse-submodules=no', ...upstream];
  const use = { address: remote.address, root: repository.root, auth: input.auth };
  const completed = await withRemote(context, use, (access) =>
    writeGit(context, repository.root, [...args, remote.name, reference], { ...access, hooks: true }),
  );
  if (completed.code === 0) return { ...done, pushed: true };
  // A line that begins with `!` names a reference that was refused; without one nothing came that far.
  if (!/^!\t/m.test(completed.stdout)) {
    throw remoteFailure(completed, `pushing to ${target}`, 'push_failed', remote.address);
  }
  throw await withRemote(context, use, (access) =>
    rejection(context, repository, remote, { completed, access }),
  );
});

function refuseProtected(input: PushInput, branches: readonly string[]): void {
  const globs = input.protected ?? PROTECTED_BRANCHES;
  const found = input.allowProtected ? undefined : branches.find((branch) => isProtected(branch, globs));
  if (found === undefined) return;
  throw skip('protected_branch', `${found} is protected (${globs.join(', ')})`, 'push a branch of your own');
}

/** Against what was last seen of the remote; all commits when the branch was never there. */
async function commitsToPush(
  context: ActionContext,
  { root }: Repository,
  branch: string,
  remote: Remote,
): Promise<number> {
  const exclude = remote.isUpstream
    ? [`^refs/remotes/${remote.name}/${remote.branch}`]
    : ['--not', '--remotes'];
  const counted = await readGit(context, root, [
    'rev-list',
    '--count',
    `refs/heads/${branch}`,
    ...exclude,
    '--',
  ]);
  return counted.code === 0 ? Number(counted.stdout) : 1;
}

async function rejection(
  context: ActionContext,
  { root }: Repository,
  remote: Remote,
  push: { readonly completed: Completed; readonly access: RemoteAccess },
): Promise<ActionError> {
  const fetch = ['fetch', '--quiet', '--no-recurse-submodules', remote.name, `refs/heads/${remote.branch}`];
  await writeGit(context, root, fetch, push.access);
  const count = await readGit(context, root, [
    'rev-list',
    '--left-right',
    '--count',
    'HEAD...FETCH_HEAD',
    '--',
  ]);
  const [ahead = 0, behind = 0] = count.code === 0 ? count.stdout.trim().split('\t').map(Number) : [];
  const lines = lastLines(maskAddresses(`${push.completed.stdout}\n${push.completed.stderr}`));
  const why = behind > 0 ? `it has ${behind} commits that are not here` : 'its rules do not allow it';
  return new ActionError('push_rejected', `${remote.name}/${remote.branch} refused the push: ${why}`, {
    hint: behind > 0 ? 'pull with rebase, look at the result and push again' : "read the remote's answer",
    details: { remote: remote.name, branch: remote.branch, ahead, behind, lines },
  });
}
