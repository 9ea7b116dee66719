import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { ActionContext } from '@cadre/sdk';
import { readGit, splitZero } from '../../tree/read-git.ts';
import type { Snapshot } from './snapshot.ts';

/** The files that hooks are to look at: all of the index, those named, or those that the next commit changes. */
export async function filesToCheck(
  context: ActionContext,
  snapshot: Snapshot,
  { all = false, files }: { readonly all?: boolean; readonly files?: readonly string[] },
): Promise<readonly string[]> {
  if (files !== undefined) {
    const named = new Set(files.map((path) => posix.normalize(path)));
    return [...snapshot.entries.keys()].filter((path) => named.has(path));
  }
  if (all) return [...snapshot.entries.keys()];
  const staged = [...snapshot.staged.keys()];
  const merged = await changedByMerge(context, snapshot);
  return merged === undefined ? staged : staged.filter((path) => merged.has(path));
}

/** In a merge the other side's changes passed its own hooks; only what differs from both sides is new. */
async function changedByMerge(
  context: ActionContext,
  { repository }: Snapshot,
): Promise<ReadonlySet<string> | undefined> {
  if (!repository.inMerge || !existsSync(join(repository.gitDir, 'MERGE_HEAD'))) return undefined;
  const args = ['diff-index', '--cached', '--name-only', '-z', 'MERGE_HEAD'];
  const { stdout } = await readGit(context, repository.root, args, {
    env: { GIT_INDEX_FILE: repository.indexPath },
  });
  return new Set(splitZero(stdout));
}
