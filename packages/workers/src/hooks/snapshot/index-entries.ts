import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';
import type { Repository } from './repository.ts';

export interface IndexEntry {
  /** `100644`, `100755`, `120000` for a link, `160000` for a submodule. */
  readonly mode: string;
  readonly id: string;
}

export interface StagedChange {
  /** `A`, `M`, `T`, `R` or `C`. */
  readonly letter: string;
  readonly headMode: string;
  readonly headId: string;
}

const EMPTY_TREES = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/** What the index holds. Throws ActionError `unmerged` naming the files with conflicts. */
export async function readEntries(
  context: ActionContext,
  { root }: Repository,
  index: string,
): Promise<ReadonlyMap<string, IndexEntry>> {
  const env = { GIT_INDEX_FILE: index };
  const { code, stdout, stderr } = await readGit(context, root, ['ls-files', '--stage', '-z'], { env });
  if (code !== 0) throw new ActionError('git_failed', `git cannot read the index: ${stderr.trim()}`);
  const entries = new Map<string, IndexEntry>();
  const unmerged = new Set<string>();
  for (const line of stdout.split('\0')) {
    if (line === '') continue;
    const tab = line.indexOf('\t');
    const path = line.slice(tab + 1);
    const [mode = '', id = '', stage] = line.slice(0, tab).split(' ');
    if (stage === '0') entries.set(path, { mode, id });
    else unmerged.add(path);
  }
  if (unmerged.size === 0) return entries;
  throw new ActionError('unmerged', `these files have conflicts: ${[...unmerged].join(', ')}`, {
    hint: 'resolve the conflicts and stage the files',
  });
}

/** What the next commit changes, deletions left out. Throws ActionError `git_failed`. */
export async function readStaged(
  context: ActionContext,
  repository: Repository,
  index: string,
): Promise<ReadonlyMap<string, StagedChange>> {
  const against = (revision: string) =>
    readGit(
      context,
      repository.root,
      ['diff-index', '--cached', '-z', '-M', '--ignore-submodules', revision],
      {
        env: { GIT_INDEX_FILE: index },
      },
    );
  const first = await against('HEAD');
  // Before the first commit there is no head, and everything is new.
  const { code, stdout, stderr } = first.code === 0 ? first : await against(EMPTY_TREES[repository.hash]);
  if (code !== 0) throw new ActionError('git_failed', `git cannot compare the index: ${stderr.trim()}`);
  return parseRaw(stdout);
}

function parseRaw(output: string): ReadonlyMap<string, StagedChange> {
  const staged = new Map<string, StagedChange>();
  const parts = output.split('\0');
  for (let at = 0; at + 1 < parts.length; ) {
    const [headMode = '', , headId = '', , status = ''] = (parts[at] ?? '').slice(1).split(' ');
    const letter = status.charAt(0);
    const names = letter === 'R' || letter === 'C' ? 2 : 1;
    const path = parts[at + names] ?? '';
    if (letter !== 'D') staged.set(path, { letter, headMode, headId });
    at += 1 + names;
  }
  return staged;
}
