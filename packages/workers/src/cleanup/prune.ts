import { defineAction } from '@cadre/sdk';
import { readJournal, removeTrash, trashBefore, trashFolder } from './journal.ts';
import { settle } from './trash-moves.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

export const prune = defineAction(async (input: { readonly olderThanDays?: number }, context) => {
  const removed = await trashBefore(context, Date.now() - (input.olderThanDays ?? 30) * DAY_MS);
  for (const run of removed) {
    const folder = trashFolder(context, run);
    context.effect({ kind: 'file', change: 'deleted', path: folder });
    if (context.mode === 'preview') continue;
    // What a killed run left between two places must not lose its only copy.
    for (const entry of await readJournal(folder)) await settle(folder, entry);
    await removeTrash(context, run);
  }
  return { removed };
});
