import type { PutBack } from '../ports/snapshots.ts';

/** One undoing of a run, as it is kept with the run. */
export interface UndoEntry extends PutBack {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  /** It was taken back: the run's changes are there again. */
  readonly takenBack?: PutBack & { readonly at: number; readonly by: string };
}

/** The newest undoing that holds. */
export function standingUndo(entries: readonly UndoEntry[]): UndoEntry | undefined {
  return entries.findLast(({ takenBack }) => takenBack === undefined);
}
