import type { ActionContext } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import type { Repository } from './repository.ts';

/** Names that main branches usually have, where the remote does not say which one is its own. */
const USUAL = ['main', 'master', 'trunk', 'develop'];

/**
 * The branch that the work of a repository goes into: what the remote calls its main branch, else one with a usual name,
 * as the remote has it and else as it is here. Undefined when there is none besides the branch that is checked out.
 */
export async function findBase(
  context: ActionContext,
  { root, branch }: Repository,
): Promise<string | undefined> {
  const format = '--format=%(refname)%00%(symref)';
  const { stdout } = await readGit(context, root, ['for-each-ref', format, 'refs/heads', 'refs/remotes']);
  const refs = new Map(stdout.split('\n').map((line) => line.split('\0') as [string, string]));
  const remotes = [...refs.keys()].filter((ref) => ref.startsWith('refs/remotes/') && ref.endsWith('/HEAD'));
  const heads = [...remotes].sort((a) => (a === 'refs/remotes/origin/HEAD' ? -1 : 0));
  const candidates = [
    ...heads.map((ref) => refs.get(ref) ?? ''),
    ...USUAL.map((name) => `refs/remotes/origin/${name}`),
    ...USUAL.map((name) => `refs/heads/${name}`),
  ];
  const found = candidates.find((ref) => refs.has(ref) && ref !== `refs/heads/${branch}`);
  return found?.replace(/^refs\/(heads|remotes)\//, '');
}
