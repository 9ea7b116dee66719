import { type ActionContext, ActionError, defineAction } from '@cadre/sdk';
import { localFilterOverrides } from '../tree/local-filters.ts';
import { readGit, splitZero } from '../tree/read-git.ts';
import { findBase } from './find-base.ts';
import { openRepository, type Repository } from './repository.ts';
import { checkedRevision, expectSuccess } from './run-git.ts';

interface ChangedInput {
  readonly path?: string;
  /** Branch or revision that the work began from. Default: the branch that the repository's work goes into. */
  readonly base?: string;
  /** Only what is staged. */
  readonly staged?: boolean;
}

interface ChangedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly deleted: boolean;
}

interface Changed {
  readonly files: readonly ChangedFile[];
  /** Since what, in words: `origin/main`, `the last commit`. */
  readonly since: string;
  /** The commit that the files are compared with; null before the first one. */
  readonly commit: string | null;
}

/** The tree of no files, which every repository knows. */
const NOTHING = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};
const PLAIN = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--ignore-submodules=all',
  '--name-status',
  '-z',
];

/**
 * The files that differ from where the work began: from the merge base with the base branch, with everything that is not
 * committed and not ignored. Fails with `not_a_repository`, `no_base`.
 */
export const changed = defineAction(async (input: ChangedInput, context): Promise<Changed> => {
  const repository = await openRepository(context, input.path);
  const { head } = repository;
  if (input.staged || head === null) {
    const files = await compare(context, repository, head, input.staged ? ['--cached'] : []);
    const since = head === null ? 'the beginning' : 'the last commit';
    return {
      files: input.staged ? files : await withUntracked(context, repository, files),
      since,
      commit: head,
    };
  }
  const base = input.base === undefined ? await findBase(context, repository) : checkedRevision(input.base);
  const commit = base === undefined ? head : await mergeBase(context, repository, base);
  const files = await withUntracked(context, repository, await compare(context, repository, commit, []));
  return { files, since: base ?? 'the last commit', commit };
});

async function mergeBase(context: ActionContext, { root }: Repository, base: string): Promise<string> {
  const { code, stdout } = await readGit(context, root, ['merge-base', base, 'HEAD']);
  if (code === 0) return stdout.trim();
  throw new ActionError('no_base', `${base} and this branch have no commit in common that is here`, {
    hint: `fetch more of the history (git fetch --unshallow), or name another base`,
  });
}

async function compare(
  context: ActionContext,
  { root }: Repository,
  commit: string | null,
  args: readonly string[],
): Promise<ChangedFile[]> {
  const settings = await localFilterOverrides(context, root);
  const completed = await readGit(
    context,
    root,
    ['diff', ...PLAIN, ...args, commit ?? (await emptyTree(context, root)), '--'],
    { settings },
  );
  const words = splitZero(expectSuccess(completed, 'git diff'));
  return words.flatMap((word, index) => {
    const path = index % 2 === 0 ? words[index + 1] : undefined;
    return path === undefined ? [] : [{ path, deleted: word === 'D' }];
  });
}

async function emptyTree(context: ActionContext, root: string): Promise<string> {
  const { stdout } = await readGit(context, root, ['rev-parse', '--show-object-format']);
  return NOTHING[stdout.trim() === 'sha256' ? 'sha256' : 'sha1'];
}

/** A file that is no longer in the index and lies there all the same is not deleted. */
async function withUntracked(
  context: ActionContext,
  { root }: Repository,
  files: readonly ChangedFile[],
): Promise<ChangedFile[]> {
  const args = ['ls-files', '--others', '--exclude-standard', '--full-name', '-z'];
  const untracked = splitZero(expectSuccess(await readGit(context, root, args), 'git ls-files'));
  const there = new Set(untracked);
  return [
    ...files.filter(({ path }) => !there.has(path)),
    ...untracked.map((path) => ({ path, deleted: false })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}
