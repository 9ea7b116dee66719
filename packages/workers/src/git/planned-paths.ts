import type { ActionContext, Change } from '@cadre/sdk';
import { readGit, splitZero } from '../tree/read-git.ts';
import type { Status } from './read-status.ts';
import type { Repository } from './repository.ts';

/**
 * The paths that a commit would have once the changes of a plan are made. They may stand in the work tree already (in
 * a copy) or not: a file that is still clean counts when git tracks it, or when it will be new and is not ignored.
 */
export async function plannedPaths(
  context: ActionContext,
  repository: Repository,
  plan: {
    readonly changes: readonly Change[];
    readonly status: Status;
    readonly selected: readonly string[];
  },
): Promise<string[]> {
  const known = new Set(plan.status.entries.map(({ path }) => path));
  const last = new Map(plan.changes.map(({ path, change }) => [path, change]));
  const clean = [...last.keys()].filter((path) => !known.has(path));
  if (clean.length === 0) return [...plan.selected];
  const tracked = new Set(splitZero((await readGit(context, repository.root, ['ls-files', '-z'])).stdout));
  const fresh = clean.filter((path) => !tracked.has(path) && last.get(path) !== 'deleted');
  const ignored = await ignoredOf(context, repository, fresh);
  return [
    ...plan.selected,
    ...clean.filter((path) => tracked.has(path)),
    ...fresh.filter((path) => !ignored.has(path)),
  ];
}

async function ignoredOf(
  context: ActionContext,
  repository: Repository,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const stdin = paths.map((path) => `${path}\0`).join('');
  // This command takes names literally anyhow and refuses to be told so. Exit code 1 says that none is ignored.
  const env = { GIT_LITERAL_PATHSPECS: '0' };
  const { stdout } = await readGit(context, repository.root, ['check-ignore', '-z', '--stdin'], {
    stdin,
    env,
  });
  return new Set(splitZero(stdout));
}
