import type { ActionContext, Skipped } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { readGit } from '../tree/read-git.ts';
import type { ArchiveOrder } from './write-archive.ts';

/**
 * All references with their history in the new file `path`, as git itself restores it; not settings, hooks and the index.
 * Null when the folder is no root of a repository or has no commit; `skipped` when git could not do it.
 */
export async function bundleHistory(
  context: ActionContext,
  root: string,
  path: string,
): Promise<{ readonly bundle: ArchiveOrder['bundle']; readonly skipped: readonly Skipped[] }> {
  const none = { bundle: null, skipped: [] };
  if ((await context.find('git')) === undefined) return none;
  const ask = async (...args: string[]) => {
    const { code, stdout } = await readGit(context, root, args);
    return code === 0 ? stdout.replace(/\n$/, '') : null;
  };
  if ((await ask('rev-parse', '--show-toplevel')) !== root) return none;
  const head = await ask('rev-parse', '--verify', '--quiet', 'HEAD');
  if (head === null) return none;
  const made = await readGit(context, root, ['bundle', 'create', '--quiet', path, '--all', 'HEAD']);
  if (made.code === 0) {
    return { bundle: { path, branch: await ask('symbolic-ref', '--quiet', 'HEAD'), head }, skipped: [] };
  }
  const message = `the history is not in the backup: ${lastLines(made.stderr, 3).join(' ')}`;
  return { bundle: null, skipped: [{ tool: 'git', reason: 'history_unreadable', message }] };
}
