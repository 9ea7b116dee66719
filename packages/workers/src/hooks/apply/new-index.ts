import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';
import { readEntries } from '../snapshot/index-entries.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { writeEntry } from '../snapshot/staged-file.ts';
import type { Fix } from './work-tree.ts';

/**
 * Makes `target` the repository's index of now with the fixes staged. Objects are added to the repository; the index
 * that is in use is only read. Throws ActionError `changed_meanwhile` when a fixed file was staged anew.
 */
export async function writeNewIndex(
  context: ActionContext,
  snapshot: Snapshot,
  fixes: readonly Fix[],
  target: string,
): Promise<void> {
  const { repository } = snapshot;
  await copyFile(repository.indexPath, target);
  const entries = await readEntries(context, repository, target);
  const moved = fixes.filter(({ path }) => entries.get(path)?.id !== snapshot.entries.get(path)?.id);
  if (moved.length > 0) {
    const names = moved.map(({ path }) => path).join(', ');
    throw new ActionError('changed_meanwhile', `these files were staged anew while the hooks ran: ${names}`, {
      hint: 'run the hooks again',
    });
  }
  const tree = await context.tempDir();
  for (const { path, after } of fixes) if (after !== undefined) await writeEntry(join(tree, path), after);
  // Through the index, so that line ends and filters are applied as git add would.
  const { code, stderr } = await readGit(
    context,
    tree,
    ['update-index', '--add', '--remove', '-z', '--stdin'],
    {
      env: { GIT_DIR: repository.gitDir, GIT_WORK_TREE: tree, GIT_INDEX_FILE: target },
      stdin: fixes.map(({ path }) => `${path}\0`).join(''),
    },
  );
  if (code !== 0) throw new ActionError('git_failed', `git cannot stage the fixes: ${stderr.trim()}`);
}
