import type { ActionError, Completed } from '@cadre/sdk';
import { hostOf, sshPlaceOf } from './remote-address.ts';
import { gitFailure } from './run-git.ts';

/** Why a remote could not be used, in git's own words, with what to do about it. */
export function remoteFailure(
  completed: Completed,
  tried: string,
  code: string,
  address: string,
): ActionError {
  const { stderr } = completed;
  const isRefused =
    /could not read Username|Authentication failed|Permission denied|Host key verification/.test(stderr);
  const isUnreachable = /Could not resolve|Connection|timed out|unable to access/.test(stderr);
  return gitFailure(completed, tried, code, {
    retryable: isUnreachable && !isRefused,
    hint: hintFor(stderr, address),
  });
}

function hintFor(stderr: string, address: string): string {
  const host = hostOf(address);
  if (sshPlaceOf(address) !== undefined) {
    if (/Host key verification|IDENTIFICATION HAS CHANGED/.test(stderr)) {
      return `${host} shows another key than the one in known_hosts: find out why before you remove that with ssh-keygen -R`;
    }
    if (/Permission denied/.test(stderr)) {
      return `${host} takes none of the keys in your ssh agent (ssh-add -l): add the right one with ssh-add, or give ${host} its public half`;
    }
  }
  return /could not read Username|Authentication failed|Permission denied/.test(stderr)
    ? 'name a secret with a token in auth.secret'
    : 'check the address with git remote -v';
}
