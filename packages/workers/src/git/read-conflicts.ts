import type { ActionContext } from '@cadre/sdk';
import { readGit, splitZero } from '../tree/read-git.ts';
import { expectSuccess } from './run-git.ts';

/** A file in conflict: the blob ids of its three versions (read them with `git/show`), null where it does not exist. */
export interface Conflict {
  readonly file: string;
  readonly base: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
}

const STAGES = { '1': 'base', '2': 'ours', '3': 'theirs' } as const;

export async function readConflicts(context: ActionContext, root: string): Promise<Conflict[]> {
  const listed = await readGit(context, root, ['ls-files', '--unmerged', '-z']);
  const conflicts = new Map<string, Conflict>();
  for (const row of splitZero(expectSuccess(listed, 'listing the conflicts'))) {
    const file = row.slice(row.indexOf('\t') + 1);
    const [, id = '', stage = ''] = row.slice(0, row.indexOf('\t')).split(' ');
    const known = conflicts.get(file) ?? { file, base: null, ours: null, theirs: null };
    conflicts.set(file, { ...known, [STAGES[stage as keyof typeof STAGES]]: id });
  }
  return [...conflicts.values()];
}
