import type { Change, Finding } from '@cadre/sdk';
import type { Status, StatusEntry } from './read-status.ts';

export interface Selection {
  /** From the root of the repository. */
  readonly paths: readonly string[];
  /** Those of them that must be taken from the work tree; the others are staged already. */
  readonly unstaged: readonly string[];
  /** Changed by the run, but also by somebody before it. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly path: string;
  readonly why: keyof typeof REASONS;
}

const REASONS = {
  staged: 'has staged edits',
  untracked: 'was not under version control before the run',
  edited: 'had uncommitted edits before the run',
} as const;

/**
 * What of the run's changes may be committed: a file whose content before the first change was that of the head. What
 * somebody had edited, staged or not yet added before the run stays theirs. `restored` is asked for the blob id of
 * what a check-out of a path would write, which differs from the head's where line ends or filters convert.
 */
export async function selectChanges(
  changes: readonly Change[],
  status: Status,
  restored: (paths: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<Selection> {
  const before = firstStates(changes);
  const touched = status.entries.filter(({ path, submodule }) => before.has(path) && !submodule);
  const suspects = touched.filter((entry) => verdict(entry, before.get(entry.path)) === 'edited');
  const converted = suspects.length === 0 ? new Map() : await restored(suspects.map(({ path }) => path));
  const judged = touched.map((entry) => {
    const first = before.get(entry.path);
    const why = first !== null && converted.get(entry.path) === first ? undefined : verdict(entry, first);
    return { path: entry.path, why };
  });
  const paths = judged.filter(({ why }) => why === undefined).map(({ path }) => path);
  return {
    paths,
    unstaged: paths,
    leftOut: judged.flatMap(({ path, why }) => (why === undefined ? [] : [{ path, why }])),
  };
}

/** Every change but submodules and repositories inside this one. */
export function selectAll(status: Status): Selection {
  const own = status.entries.filter(({ path, submodule }) => !submodule && !path.endsWith('/'));
  const unstaged = own.filter((entry) => entry.unstaged !== '.').map(({ path }) => path);
  // Staged as deleted and there again, a path has two entries.
  return { paths: [...new Set(own.map(({ path }) => path))], unstaged, leftOut: [] };
}

export function leftOutFinding({ path, why }: LeftOut): Finding {
  return {
    tool: 'git',
    rule: 'not_committed',
    severity: 'info',
    confidence: 'high',
    file: path,
    message: `${path} ${REASONS[why]}, so it was left out of the commit`,
    fix: 'look at it and commit it yourself',
  };
}

function firstStates(changes: readonly Change[]): Map<string, string | null> {
  return new Map(changes.toReversed().map(({ path, before }) => [path, before]));
}

function verdict(entry: StatusEntry, before: string | null | undefined): LeftOut['why'] | undefined {
  if (entry.staged !== '.') return 'staged';
  if (before === entry.head) return undefined;
  return entry.head === null ? 'untracked' : 'edited';
}
