import { defineAction, skip } from '@cadre/sdk';
import { refuseUnfinished, runRebase } from './rebase.ts';
import { remoteOf } from './remote.ts';
import { type Auth, withRemote } from './remote-access.ts';
import { hostOf } from './remote-address.ts';
import { remoteFailure } from './remote-failure.ts';
import { openRepository } from './repository.ts';
import { gitFailure, writeGit } from './run-git.ts';

interface PullInput {
  readonly path?: string;
  /** Put own commits on top of the fetched ones. Default: only when there are none of our own. */
  readonly rebase?: boolean;
  readonly auth?: Auth;
  readonly hooks?: boolean;
}

/** Fails with `conflict` when both sides have commits and `rebase` was not asked for, or local edits are in the way. */
export const pull = defineAction(async (input: PullInput, context) => {
  const repository = await openRepository(context, input.path);
  const { branch, head: before, root } = repository;
  if (branch === null) throw skip('detached_head', 'the head is detached', 'check out a branch');
  refuseUnfinished(repository.unfinished);
  const remote = await remoteOf(context, repository, branch, 'fetch');
  const purpose = `pull ${remote.name}/${remote.branch} into ${branch}`;
  context.effect({ kind: 'network', host: hostOf(remote.address), purpose });
  if (context.mode === 'preview') return { status: 'planned', before, head: before, conflicts: [] };

  const fetch = ['fetch', '--quiet', '--no-recurse-submodules', remote.name, `refs/heads/${remote.branch}`];
  const use = { address: remote.address, root, auth: input.auth };
  const fetched = await withRemote(context, use, (access) => writeGit(context, root, fetch, access));
  if (fetched.code !== 0) {
    throw remoteFailure(fetched, `fetching ${remote.name}/${remote.branch}`, 'fetch_failed', remote.address);
  }
  const hooks = input.hooks === true;
  if (input.rebase) {
    const rebase = ['rebase', '--no-autostash', 'FETCH_HEAD'];
    return { before, ...(await runRebase(context, repository, rebase, { hooks })) };
  }
  const merged = await writeGit(context, root, ['merge', '--quiet', '--ff-only', 'FETCH_HEAD'], { hooks });
  if (merged.code !== 0) {
    throw gitFailure(merged, purpose, 'conflict', {
      hint: 'pull with rebase, or put local edits aside first',
    });
  }
  const { head } = await openRepository(context, input.path);
  return { status: 'done', before, head, conflicts: [] };
});
