import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import { checkedAddress } from './remote-address.ts';
import type { Repository } from './repository.ts';
import { expectSuccess } from './run-git.ts';

export interface Remote {
  readonly name: string;
  readonly address: string;
  /** Branch there, without `refs/heads/`. */
  readonly branch: string;
  /** Whether the branch follows it already. */
  readonly isUpstream: boolean;
}

/**
 * Where a branch belongs: its upstream, else a branch of the same name at the only remote.
 * Throws ActionError `not_configured` when there is no remote, or several and no upstream.
 */
export async function remoteOf(
  context: ActionContext,
  { root }: Repository,
  branch: string,
  way: 'push' | 'fetch' = 'push',
): Promise<Remote> {
  const ask = async (...args: string[]) =>
    expectSuccess(await readGit(context, root, args), `git ${args[0]}`).trim();
  const format = '--format=%(upstream:remotename)%00%(upstream:remoteref)';
  const [upstream = '', reference = ''] = (await ask('for-each-ref', format, `refs/heads/${branch}`)).split(
    '\0',
  );
  const isUpstream = upstream !== '' && upstream !== '.';
  const names = isUpstream ? [upstream] : (await ask('remote')).split('\n').filter(Boolean);
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw new ActionError(
      'not_configured',
      `${branch} follows no branch, and there are ${names.length} remotes`,
      {
        hint: 'git push --set-upstream REMOTE BRANCH',
      },
    );
  }
  return {
    name,
    address: checkedAddress(await ask('remote', 'get-url', ...(way === 'push' ? ['--push'] : []), name)),
    branch: isUpstream ? reference.replace('refs/heads/', '') : branch,
    isUpstream,
  };
}
