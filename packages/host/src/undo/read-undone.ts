import type { RunStore } from '../ports/store.ts';
import type { UndoEntry } from './undo-entry.ts';

/** Under which name it is kept beside a run. */
export const DOCUMENT = 'undo';

/** Every undoing of a run, the oldest first. */
export async function readUndone(
  runs: Pick<RunStore, 'findDocument'>,
  run: string,
): Promise<readonly UndoEntry[]> {
  return ((await runs.findDocument(run, DOCUMENT)) as readonly UndoEntry[] | undefined) ?? [];
}
