import type { ActionContext } from '@cadre/sdk';
import { readGit, splitZero } from './read-git.ts';

/**
 * Settings that switch off the filters which the repository's own configuration defines: comparing a file would run
 * their programs. Filters of the user's own configuration (such as git-lfs) stay.
 */
export async function localFilterOverrides(
  context: ActionContext,
  cwd: string,
): Promise<Record<string, string>> {
  const query = ['config', '--show-scope', '--name-only', '-z', '--get-regexp', '^filter\\.'];
  const parts = splitZero((await readGit(context, cwd, query)).stdout);
  const overrides: Record<string, string> = {};
  for (const [index, scope] of parts.entries()) {
    const name = parts[index + 1];
    // Scope and name take turns.
    if (index % 2 === 1 || name === undefined) continue;
    if (scope === 'local' || scope === 'worktree')
      overrides[name] = name.endsWith('.required') ? 'false' : '';
  }
  return overrides;
}
