import { existsSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';

export interface Repository {
  /** Absolute folder of the work tree. */
  readonly root: string;
  readonly gitDir: string;
  /** The index that the commit in progress is made from; during `git commit FILE` that is not `index`. */
  readonly indexPath: string;
  readonly hash: 'sha1' | 'sha256';
  readonly inMerge: boolean;
}

/** Throws ActionError `not_a_repository`. `indexFile` is git's own `GIT_INDEX_FILE` when git called the hook. */
export async function openRepository(context: ActionContext, indexFile?: string): Promise<Repository> {
  const facts = ['--show-toplevel', '--absolute-git-dir', '--git-path', 'index', '--show-object-format'];
  const { code, stdout, stderr } = await readGit(context, context.workspace, ['rev-parse', ...facts]);
  // A path may itself hold a line end, though not the last answers; git gives no other separator here.
  const [root, gitDir, index, hash] = stdout.split('\n');
  if (code !== 0 || !root || !gitDir || !index) {
    const reason = stderr.trim().split('\n')[0] ?? '';
    throw new ActionError(
      'not_a_repository',
      `${context.workspace} is in no git repository with a work tree: ${reason}`,
      {
        hint: 'make one with git init, or name another folder',
      },
    );
  }
  return {
    root,
    gitDir,
    indexPath: resolve(context.workspace, indexFile ?? index),
    hash: hash === 'sha256' ? 'sha256' : 'sha1',
    inMerge: isInMerge(gitDir),
  };
}

function isInMerge(gitDir: string): boolean {
  const has = (name: string) => existsSync(join(gitDir, name));
  return has('MERGE_MSG') && (has('MERGE_HEAD') || has('rebase-apply') || has('rebase-merge'));
}

/** The name of the branch, or null for a detached head. */
export async function branchOf(context: ActionContext, { root, gitDir }: Repository): Promise<string | null> {
  const head = readFileSync(join(gitDir, 'HEAD'), 'utf8');
  const named = /^ref: refs\/heads\/(.+)\n$/.exec(head)?.[1];
  // Repositories that keep their references in tables have a HEAD that only says so.
  if (named !== undefined && named !== '.invalid') return named;
  const { code, stdout } = await readGit(context, root, ['symbolic-ref', '--short', '--quiet', 'HEAD']);
  return code === 0 ? stdout.trimEnd() : null;
}

/** A copy of the index that nobody else changes; an index that does not exist yet has no copy and holds nothing. */
export async function copyIndex(repository: Repository, target: string): Promise<void> {
  await copyFile(repository.indexPath, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
