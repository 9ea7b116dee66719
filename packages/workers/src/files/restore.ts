import { restore } from '@cadre/kit/files';
import { defineAction } from '@cadre/sdk';
import { nameInside } from '../tree/safe-path.ts';
import { trashDir } from './way.ts';

/** Fails with `not_found` for an unknown token, and `exists` when something new stands in the place. */
export const restoreRemoved = defineAction(async (input: { readonly token: string }, context) => {
  const restored = await restore(input.token, { trashDir: trashDir(context) });
  const path = await nameInside(context.workspace, restored.path);
  context.effect({ kind: 'file', change: 'created', path });
  return { path };
});
