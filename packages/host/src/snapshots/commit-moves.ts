import type { CommitMove } from '../ports/snapshots.ts';
import type { Window } from './run-changes.ts';
import type { SnapshotDatabase } from './snapshot-database.ts';

interface HeadRow {
  readonly number: number;
  readonly head: string | null;
  readonly branch: string | null;
}

/** Where the head moved on the same branch while steps of a run were performed; moves that follow each other are one. */
export function commitMoves(database: SnapshotDatabase, windows: readonly Window[]): CommitMove[] {
  const [first] = windows;
  if (first === undefined) return [];
  const looks = database.all<HeadRow>(
    'SELECT number, head, branch FROM looks WHERE number >= ? ORDER BY number',
    first.began,
  );
  const moves: CommitMove[] = [];
  looks.forEach((look, index) => {
    const before = looks[index - 1];
    if (before === undefined || look.head === null || before.head === look.head) return;
    if (before.branch !== look.branch) return;
    const isOwn = windows.some(({ began, ended = Number.POSITIVE_INFINITY }) => {
      return began < look.number && look.number <= ended;
    });
    if (!isOwn) return;
    const last = moves.at(-1);
    const follows = last !== undefined && last.to === before.head;
    const from = follows ? last.from : (before.head ?? undefined);
    if (follows) moves.pop();
    moves.push({
      ...(from === undefined ? {} : { from }),
      to: look.head,
      ...(look.branch === null ? {} : { branch: look.branch }),
    });
  });
  return moves;
}
