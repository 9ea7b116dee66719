import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '@cadre/sdk';
import { writeAtomic } from '../tree/write-atomic.ts';

/**
 * A note beside the repository that a commit is being made. When the process dies after git made the commit and
 * before the user's index was told, the index would read as staged edits that take the commit back; whoever comes
 * next finds the note and tells the index.
 */
export interface PendingCommit {
  readonly root: string;
  /** The head before. */
  readonly from: string;
  readonly force: boolean;
  readonly idempotencyKey: string;
}

export async function notePending(context: ActionContext, pending: PendingCommit): Promise<void> {
  await mkdir(context.dataDir, { recursive: true });
  await writeAtomic(notePath(context), JSON.stringify(pending));
}

export async function findPending(context: ActionContext, root: string): Promise<PendingCommit | undefined> {
  const text = await readFile(notePath(context), 'utf8').catch(() => undefined);
  const pending = text === undefined ? undefined : (JSON.parse(text) as PendingCommit);
  return pending?.root === root ? pending : undefined;
}

export async function clearPending(context: ActionContext): Promise<void> {
  await rm(notePath(context), { force: true });
}

function notePath(context: ActionContext): string {
  return join(context.dataDir, 'pending-commit.json');
}
