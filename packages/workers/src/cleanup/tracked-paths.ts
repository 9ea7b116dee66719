import { join } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { lastLines } from '../tree/last-lines.ts';
import { readGit, splitZero } from '../tree/read-git.ts';

/**
 * What git tracks below the folder `start` of `root`, and the folders that hold it, with paths of `root`. Empty outside
 * of a repository. In a repository that cannot be asked nothing may be removed: throws `program_missing`, `git_failed`.
 */
export async function trackedPaths(
  context: ActionContext,
  root: string,
  start: string,
): Promise<ReadonlySet<string>> {
  const folder = join(root, start);
  // Asked where the search begins: that may be in a repository inside this one.
  const isRepository = (await isThere(join(root, '.git'))) || (await isThere(join(folder, '.git')));
  if (!isRepository && (await context.find('git')) === undefined) return new Set();
  const listed = await readGit(context, folder, ['ls-files', '-z']);
  if (listed.code === 0) {
    const prefix = start === '' ? '' : `${start}/`;
    return withFolders(splitZero(listed.stdout).map((path) => prefix + path));
  }
  if (!isRepository && /not a git repository/.test(listed.stderr)) return new Set();
  const why = lastLines(listed.stderr, 3).join(' ');
  throw new ActionError('git_failed', `it is unknown which files git tracks, so nothing is removed: ${why}`, {
    hint: 'make git status work in this folder first',
  });
}

function withFolders(paths: readonly string[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (
      let end = path.length;
      end > 0 && !all.has(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1)
    ) {
      all.add(path.slice(0, end));
    }
  }
  return all;
}
