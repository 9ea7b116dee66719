import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit, splitZero } from '../../tree/read-git.ts';
import { copyIndex, type Repository } from './repository.ts';
import { entryAt, type StagedFile, statsOf, writeEntry } from './staged-file.ts';

/** Installed packages: hooks find their tools there, and copying them would take longer than any hook. */
const INSTALLED = ['node_modules', '.venv', 'venv'];

/**
 * A work tree that holds exactly what is staged, for programs to run in. Git, when a hook calls it, sees this tree,
 * an index of its own and the real repository behind both.
 */
export interface Scratch {
  readonly root: string;
  /** So that git works on this tree and this index. */
  readonly env: Readonly<Record<string, string>>;
  /** Brings the tree to what built-in hooks made of a file. */
  put(path: string, file: StagedFile | undefined): Promise<void>;
  /** What programs changed since the last look, also by staging or unstaging it. */
  collect(): Promise<readonly (readonly [path: string, file: StagedFile | undefined])[]>;
}

export async function openScratch(
  context: ActionContext,
  repository: Repository,
  pristineIndex: string,
  changes: Iterable<readonly [string, StagedFile | undefined]>,
): Promise<Scratch> {
  const folder = await context.tempDir();
  const root = join(folder, 'tree');
  const index = join(folder, 'index');
  const env = { GIT_DIR: repository.gitDir, GIT_WORK_TREE: root, GIT_INDEX_FILE: index };
  await mkdir(root);
  await copyIndex({ ...repository, indexPath: pristineIndex }, index);
  const { code, stderr } = await readGit(context, root, ['checkout-index', '--all', '--force', '--index'], {
    env,
  });
  if (code !== 0) throw new ActionError('git_failed', `git cannot write the staged files: ${stderr.trim()}`);
  await writeFile(join(root, '.git'), `gitdir: ${repository.gitDir}\n`);
  const linked = await linkInstalled(repository.root, root);

  const known = new Map<string, string>();
  const listed = async () => {
    const { stdout } = await readGit(context, root, ['ls-files', '-z', '--cached', '--full-name'], { env });
    return splitZero(stdout);
  };
  const put: Scratch['put'] = async (path, file) => {
    await writeEntry(join(root, path), file);
    known.set(path, lookOf(root, path));
  };
  for (const path of await listed()) known.set(path, lookOf(root, path));
  for (const [path, file] of changes) await put(path, file);

  return {
    root,
    env,
    put,
    async collect() {
      // What a hook has staged of its own accord is listed now and was not known before.
      for (const path of await listed()) if (!known.has(path) && !linked.has(path)) known.set(path, '');
      const found = [...known].filter(([path, look]) => lookOf(root, path) !== look);
      return found.map(([path]) => {
        known.set(path, lookOf(root, path));
        return [path, entryAt(join(root, path))] as const;
      });
    },
  };
}

/** Answers the names that are links now; a folder that is staged is there already. */
async function linkInstalled(from: string, to: string): Promise<ReadonlySet<string>> {
  const present = await readdir(to);
  const names = (await readdir(from)).filter((name) => INSTALLED.includes(name) && !present.includes(name));
  for (const name of names) await symlink(join(from, name), join(to, name));
  return new Set(names);
}

/** Changes whenever the file does: a program cannot set the time of change, and a new file has a new number. */
function lookOf(root: string, path: string): string {
  const stats = statsOf(join(root, path));
  if (stats === undefined) return '';
  // A submodule: what happens inside is another repository's affair.
  if (stats.isDirectory()) return 'folder';
  return `${stats.mode} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}
