import type { ActionContext } from '@cadre/sdk';
import { localFilterOverrides } from '../tree/local-filters.ts';
import { readGit } from '../tree/read-git.ts';
import { expectSuccess } from './run-git.ts';

export interface StatusEntry {
  /** From the root of the repository. */
  readonly path: string;
  readonly kind: 'changed' | 'untracked' | 'unmerged';
  /** Letter of git for the difference between head and index, `.` for none. */
  readonly staged: string;
  /** Letter of git for the difference between index and work tree, `.` for none. */
  readonly unstaged: string;
  readonly submodule: boolean;
  /** Blob id in the head; null when the head has no such file. */
  readonly head: string | null;
}

export interface Status {
  readonly upstream: string | null;
  readonly ahead: number;
  readonly behind: number;
  readonly entries: readonly StatusEntry[];
}

/**
 * What differs between head, index and work tree. Without `trusted` no program of the repository's configuration is
 * run, for which files that a local filter changes are shown as changed.
 */
export async function readStatus(
  context: ActionContext,
  root: string,
  options: { readonly trusted?: boolean } = {},
): Promise<Status> {
  const args = ['status', '--porcelain=v2', '-z', '--branch', '--no-renames', '--untracked-files=all'];
  const settings = options.trusted ? {} : await localFilterOverrides(context, root);
  // Looking into submodules would run what their configuration names.
  const completed = await readGit(context, root, [...args, '--ignore-submodules=dirty'], { settings });
  return parseStatus(expectSuccess(completed, 'git status'));
}

export function parseStatus(output: string): Status {
  const records = output.split('\0').filter((record) => record !== '');
  const header = (name: string) =>
    records.find((record) => record.startsWith(`# ${name} `))?.slice(name.length + 3);
  const counts = /^\+(\d+) -(\d+)$/.exec(header('branch.ab') ?? '');
  return {
    upstream: header('branch.upstream') ?? null,
    ahead: Number(counts?.[1] ?? 0),
    behind: Number(counts?.[2] ?? 0),
    entries: records.map(parseEntry).filter((entry) => entry !== undefined),
  };
}

/** Words before the path, for each first letter of a record. */
const FIELDS: Readonly<Record<string, number>> = { '1': 8, u: 10, '?': 1 };

function parseEntry(record: string): StatusEntry | undefined {
  const kind = record[0] ?? '';
  const count = FIELDS[kind];
  if (count === undefined) return undefined;
  const fields = record.split(' ');
  const path = fields.slice(count).join(' ');
  if (kind === '?')
    return { path, kind: 'untracked', staged: '.', unstaged: '?', submodule: false, head: null };
  const [, letters = '..', submodule = ''] = fields;
  const head = fields[6] ?? '';
  return {
    path,
    kind: kind === 'u' ? 'unmerged' : 'changed',
    staged: letters[0] ?? '.',
    unstaged: letters[1] ?? '.',
    submodule: submodule.startsWith('S'),
    head: kind === 'u' || /^0+$/.test(head) ? null : head,
  };
}
