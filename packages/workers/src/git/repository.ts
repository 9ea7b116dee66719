import { join, resolve } from 'node:path';
import { type ActionContext, ActionError, skip } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { readGit } from '../tree/read-git.ts';
import { relativePath, resolveInside } from '../tree/safe-path.ts';

export interface Repository {
  /** Real absolute path of the work tree. */
  readonly root: string;
  readonly gitDir: string;
  readonly indexPath: string;
  /** Null when the head is detached. */
  readonly branch: string | null;
  /** Null when there is no commit yet. */
  readonly head: string | null;
  /** What was begun and not ended; null when nothing. */
  readonly unfinished: string | null;
}

const UNFINISHED: readonly (readonly [file: string, what: string])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** The repository around a folder of the workspace; undefined for none, for one without work tree, or without git. */
export async function findRepository(context: ActionContext, path = '.'): Promise<Repository | undefined> {
  return describeRepository(context, await resolveInside(context.workspace, path));
}

/** The same for an absolute folder, for example the root of a repository that was found before. */
export async function describeRepository(
  context: ActionContext,
  folder: string,
): Promise<Repository | undefined> {
  const ask = async (...args: string[]) => {
    const { code, stdout } = await readGit(context, folder, args);
    return code === 0 ? stdout.replace(/\n$/, '') : null;
  };
  const root = await ask('rev-parse', '--show-toplevel');
  const gitDir = await ask('rev-parse', '--absolute-git-dir');
  if (!root || !gitDir) return undefined;
  return {
    root,
    gitDir,
    indexPath: resolve(folder, (await ask('rev-parse', '--git-path', 'index')) ?? join(gitDir, 'index')),
    branch: await ask('symbolic-ref', '--short', '--quiet', 'HEAD'),
    head: await ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}'),
    unfinished: await unfinishedWork(gitDir),
  };
}

/** Throws ActionError `not_a_repository`. */
export async function openRepository(context: ActionContext, path = '.'): Promise<Repository> {
  const repository = await findRepository(context, path);
  if (repository !== undefined) return repository;
  throw new ActionError('not_a_repository', `${path} is in no git repository with a work tree`, {
    hint: 'make one with git init, or name another folder',
  });
}

/** As `openRepository`; in a folder without repository the step is skipped. */
export async function openRepositoryOrSkip(context: ActionContext, path = '.'): Promise<Repository> {
  const repository = await findRepository(context, path);
  if (repository === undefined) throw skip('not_a_repository', `${path} is in no git repository`);
  return repository;
}

async function unfinishedWork(gitDir: string): Promise<string | null> {
  for (const [file, what] of UNFINISHED) {
    if (await isThere(join(gitDir, file))) return what;
  }
  return null;
}

/** A path of the workspace as git names it, from the root of the repository; undefined when it lies outside. */
export async function repositoryPath(
  context: ActionContext,
  repository: Repository,
): Promise<(path: string) => string | undefined> {
  const workspace = await resolveInside(context.workspace, '.');
  return (path) => {
    const named = relativePath(repository.root, join(workspace, path));
    return named === '..' || named.startsWith('../') ? undefined : named;
  };
}
