import { type ActionContext, ActionError } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { GIT_ENVIRONMENT, gitSettings, SAFE_SETTINGS } from '../tree/read-git.ts';
import type { ArchivedHistory } from './manifest.ts';

/**
 * Makes the folder a repository again: all branches and tags as they were, the head where it was, the index as in the
 * head, so that edits which were not committed show as such. Remotes, settings and hooks are not in a backup.
 */
export async function restoreHistory(
  context: ActionContext,
  folder: string,
  bundle: string,
  { branch, head }: ArchivedHistory,
): Promise<void> {
  const env = { ...GIT_ENVIRONMENT, ...gitSettings(SAFE_SETTINGS) };
  const run = async (...args: string[]) => {
    const { code, stderr } = await context.exec('git', args, { cwd: folder, env });
    if (code === 0) return;
    throw new ActionError('restore_failed', `restoring the history failed: ${lastLines(stderr).join('\n')}`);
  };
  await run('init', '--quiet', '--template=');
  // The head must point nowhere while the branches come, or git protects the one it points at.
  await run('symbolic-ref', 'HEAD', 'refs/heads/cadre-restore');
  await run('fetch', '--quiet', bundle, '+refs/*:refs/*');
  await run('update-ref', '--no-deref', 'HEAD', head);
  if (branch !== null) await run('symbolic-ref', 'HEAD', branch);
  await run('reset', '--quiet');
}
