import type { ActionContext } from '@cadre/sdk';
import { localFilterOverrides } from '../tree/local-filters.ts';
import { readGit, splitZero } from '../tree/read-git.ts';

export interface GitFacts {
  /** `(detached)` without one. */
  readonly branch: string;
  readonly commit: string;
  /** ISO 8601 with zone. */
  readonly date: string;
  readonly subject: string;
  /** Tracked files that differ from the commit. */
  readonly changed: number;
}

/** Undefined outside of a repository, and in one without commits. */
export async function gitFacts(context: ActionContext, folder: string): Promise<GitFacts | undefined> {
  if ((await context.find('git')) === undefined) return undefined;
  const ask = (...args: string[]) => readGit(context, folder, args);
  const log = await ask('log', '--max-count=1', '--format=%H%x00%cI%x00%s', '--no-color');
  if (log.code !== 0) return undefined;
  const [commit = '', date = '', subject = ''] = log.stdout.trimEnd().split('\0');
  const branch = await ask('symbolic-ref', '--short', '--quiet', 'HEAD');
  const query = ['--porcelain', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=dirty'];
  const changed = await readGit(context, folder, ['status', ...query], {
    settings: await localFilterOverrides(context, folder),
  });
  return {
    branch: branch.code === 0 ? branch.stdout.trim() : '(detached)',
    commit,
    date,
    subject,
    changed: splitZero(changed.stdout).length,
  };
}
