import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/**
 * The folders of git that a checkout needs and that may lie outside of it: in a linked worktree `.git` is a file that
 * names them. Such a file is written by whoever may write the checkout, so it is believed only when the folder that it
 * names points back, which git itself writes there. Real paths; none outside of a checkout.
 */
export interface GitFolders {
  /** Index and HEAD of this checkout. */
  readonly own: string;
  /** Objects, branches, configuration, hooks; the same folder in an ordinary checkout. */
  readonly joint: string;
}

export async function gitFolders(workspace: string): Promise<GitFolders | undefined> {
  const entry = join(workspace, '.git');
  const found = await stat(entry).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isDirectory()) {
    const own = await realpath(entry);
    // A link that leads out of the checkout is not followed: nothing there points back.
    return own === entry ? { own, joint: own } : undefined;
  }
  const named = await pointer(entry, /^gitdir: (.+)$/m);
  const own =
    named === undefined ? undefined : await realpath(resolve(workspace, named)).catch(() => undefined);
  return own === undefined ? undefined : linkedFolders(entry, own);
}

async function linkedFolders(entry: string, own: string): Promise<GitFolders | undefined> {
  const back = await pointer(join(own, 'gitdir'), /^(.+)$/m);
  if (back !== undefined && resolve(own, back) === entry) {
    // `<joint>/worktrees/<name>` is where git keeps linked worktrees, always.
    const joint = dirname(dirname(own));
    return join(joint, 'worktrees') === dirname(own) ? { own, joint } : undefined;
  }
  const tree = await pointer(join(own, 'config'), /^\s*worktree\s*=\s*(.+)$/m);
  return tree !== undefined && resolve(own, tree) === dirname(entry) ? { own, joint: own } : undefined;
}

async function pointer(file: string, pattern: RegExp): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return pattern.exec(text)?.[1]?.trim();
}
