import { defineAction } from '@cadre/sdk';
import { nameInside } from '../tree/safe-path.ts';
import { readJournal, removeTrash, trashFolder } from './journal.ts';
import { putBack } from './trash-moves.ts';

/** May be repeated; what is already back is left alone. A run without trash has nothing to put back. */
export const restore = defineAction(async (input: { readonly run: string }, context) => {
  const folder = trashFolder(context, input.run);
  const restored: string[] = [];
  const taken: string[] = [];
  for (const entry of await readJournal(folder)) {
    const path = await nameInside(context.workspace, entry.path);
    if (context.mode === 'preview') {
      context.effect({ kind: 'file', change: 'created', path });
      continue;
    }
    const end = await putBack(folder, entry);
    if (end === 'taken') taken.push(path);
    if (end === 'restored') {
      restored.push(path);
      context.effect({ kind: 'file', change: 'created', path });
    }
  }
  if (context.mode === 'apply' && taken.length === 0) await removeTrash(context, input.run);
  return { restored, taken };
});
