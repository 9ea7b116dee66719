import { readdir } from 'node:fs/promises';
import { ActionError, defineAction } from '@cadre/sdk';
import { nameInside, resolveInside } from '../tree/safe-path.ts';
import { type Auth, withRemote } from './remote-access.ts';
import { checkedAddress, hostOf, maskAddresses } from './remote-address.ts';
import { remoteFailure } from './remote-failure.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, writeGit } from './run-git.ts';

interface CloneInput {
  readonly url: string;
  /** New or empty folder, relative to the workspace. */
  readonly to: string;
  readonly depth?: number;
  readonly branch?: string;
  readonly auth?: Auth;
}

/** Fails with `exists` for a folder that holds something, `clone_failed`, `invalid_input` for a dangerous address. */
export const clone = defineAction(async (input: CloneInput, context) => {
  const address = checkedAddress(input.url);
  const folder = await resolveInside(context.workspace, input.to);
  const held = await readdir(folder).catch(() => []);
  if (held.length > 0)
    throw new ActionError('exists', `${input.to} is not empty`, { hint: 'name a new folder' });
  const shown = maskAddresses(address);
  const dir = await nameInside(context.workspace, folder);
  context.effect({ kind: 'network', host: hostOf(address), purpose: `clone ${shown}` });
  context.effect({ kind: 'file', change: 'created', path: dir });
  if (context.mode === 'preview') return { dir, head: null, branch: null };

  const args = [
    // No template: it could bring hooks along.
    ...['clone', '--quiet', '--template=', '--no-recurse-submodules'],
    ...(input.depth === undefined ? [] : [`--depth=${input.depth}`]),
    ...(input.branch === undefined ? [] : [`--branch=${checkedRevision(input.branch)}`]),
    ...['--', address, folder],
  ];
  const cwd = await resolveInside(context.workspace, '.');
  const cloned = await withRemote(context, { address, auth: input.auth }, (access) =>
    writeGit(context, cwd, args, access),
  );
  if (cloned.code !== 0) throw remoteFailure(cloned, `cloning ${shown}`, 'clone_failed', address);
  const { head, branch } = await openRepository(context, folder);
  return { dir, head, branch };
});
