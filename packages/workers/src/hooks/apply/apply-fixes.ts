import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { lock } from '@cadre/kit/files';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import {
  carryOut,
  changedSince,
  createJournal,
  discard,
  hashOf,
  hasJournals,
  type Journal,
  journalsOf,
  lockIndex,
  recover,
  unlockIndex,
  writePlan,
} from './journal.ts';
import { writeNewIndex } from './new-index.ts';
import { type Fix, planWorkTree, type WorkTreeChange } from './work-tree.ts';

const PATIENCE_MS = 5_000;
const POLL_MS = 50;

/**
 * Brings fixes into index and work tree, all of them or none. Throws ActionError `overlaps_unstaged` naming the files
 * in which unstaged edits stand in the way, `changed_meanwhile`, `repository_locked`; nothing has changed then.
 */
export async function applyFixes(
  context: ActionContext,
  snapshot: Snapshot,
  fixes: readonly Fix[],
): Promise<void> {
  if (fixes.length === 0) return;
  await using _alone = await lock(`${journalsOf(snapshot.repository.gitDir)}.lock`, {
    holder: 'hooks',
    waitMs: PATIENCE_MS,
    signal: context.signal,
  });
  const { root, gitDir } = snapshot.repository;
  const { changes, overlapping } = await planWorkTree(context, root, fixes);
  if (overlapping.length > 0) throw overlap(overlapping);
  const journal = createJournal(gitDir, randomUUID());
  try {
    await replaceAll(context, snapshot, fixes, changes, journal);
  } catch (error) {
    discard(journal);
    throw error;
  }
  // Only so that the next git command need not read the files again; what it says does not matter here.
  await readGit(context, root, ['update-index', '-q', '--refresh'], {
    env: { GIT_INDEX_FILE: snapshot.repository.indexPath, GIT_OPTIONAL_LOCKS: '1' },
  });
}

/** Ends what a killed run began in this repository. */
export async function recoverFixes(context: ActionContext, gitDir: string): Promise<void> {
  if (!hasJournals(gitDir)) return;
  await using _alone = await lock(`${journalsOf(gitDir)}.lock`, {
    holder: 'hooks',
    waitMs: PATIENCE_MS,
    signal: context.signal,
  });
  const finished = recover(gitDir);
  if (finished.length === 0) return;
  context.log('warn', `brought to its end what an interrupted run had begun: ${finished.join(', ')}`);
}

async function replaceAll(
  context: ActionContext,
  snapshot: Snapshot,
  fixes: readonly Fix[],
  changes: readonly WorkTreeChange[],
  journal: Journal,
): Promise<void> {
  const { root, indexPath } = snapshot.repository;
  const staged = fixes.filter(({ stage }) => stage);
  if (staged.length === 0) {
    writePlan(journal, root, changes, undefined);
    return carryOutUnlessChanged(journal);
  }
  const before = hashOf(indexPath);
  await writeNewIndex(context, snapshot, staged, journal.index);
  writePlan(journal, root, changes, { path: indexPath, before });
  await takeLock(context, journal, indexPath);
  try {
    if (hashOf(indexPath) !== before) throw changedMeanwhile('the index');
    carryOutUnlessChanged(journal);
  } catch (error) {
    unlockIndex(journal, indexPath);
    throw error;
  }
}

/** No pause between looking and replacing: what changed before this moment is seen. */
function carryOutUnlessChanged(journal: Journal): void {
  const changed = changedSince(journal);
  if (changed !== undefined) throw changedMeanwhile(changed);
  carryOut(journal);
}

async function takeLock(context: ActionContext, journal: Journal, indexPath: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!lockIndex(journal, indexPath)) {
    if (performance.now() > deadline) {
      throw new ActionError('repository_locked', `${indexPath}.lock is held by another git command`, {
        retryable: true,
        hint: 'try again when it is over; remove the file when no git command runs',
      });
    }
    await pause(POLL_MS, undefined, { signal: context.signal });
  }
}

function changedMeanwhile(what: string): ActionError {
  return new ActionError('changed_meanwhile', `${what} was changed while the hooks ran; no fix was applied`, {
    retryable: true,
    hint: 'run the hooks again',
  });
}

function overlap(paths: readonly string[]): ActionError {
  return new ActionError(
    'overlaps_unstaged',
    `the hooks would change lines that also have unstaged edits: ${paths.join(', ')}; nothing was changed`,
    { hint: 'stage or put away those edits and run the hooks again', details: { paths: [...paths] } },
  );
}
