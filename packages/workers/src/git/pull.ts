import { defineAction, skip } from '@cadre/sdk';
import { type Auth, credentialSettings, sshEnvironment } from './credentials.ts';
import { refuseUnfinished, runRebase } from './rebase.ts';
import { remoteOf } from './remote.ts';
import { hostOf } from './remote-address.ts';
import { openRepository } from './repository.ts';
import { expectSuccess, gitFailure, writeGit } from './run-git.ts';

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
  const remote = await remoteOf(context, repository, branch);
  const purpose = `pull ${remote.name}/${remote.branch} into ${branch}`;
  context.effect({ kind: 'network', host: hostOf(remote.address), purpose });
  if (context.mode === 'preview') return { status: 'planned', before, head: before, conflicts: [] };

  const settings = await credentialSettings(context, remote.address, input.auth);
  const fetch = ['fetch', '--quiet', '--no-recurse-submodules', remote.name, `refs/heads/${remote.branch}`];
  const fetched = await writeGit(context, root, fetch, { settings, env: sshEnvironment() });
  expectSuccess(fetched, `fetching ${remote.name}/${remote.branch}`, 'fetch_failed');
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
