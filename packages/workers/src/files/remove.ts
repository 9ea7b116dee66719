import { trash } from '@cadre/kit/files';
import { ActionError, defineAction } from '@cadre/sdk';
import { nameInside, resolveEntryInside, resolveInside } from '../tree/safe-path.ts';
import { trashDir } from './way.ts';

/** Fails with `not_found`, and `refused` for the workspace itself. */
export const remove = defineAction(async (input: { readonly path: string }, context) => {
  const path = await resolveEntryInside(context.workspace, input.path);
  if (path === (await resolveInside(context.workspace, '.'))) {
    throw new ActionError('refused', 'the workspace itself is never removed');
  }
  const { token } = await trash(path, { trashDir: trashDir(context) });
  context.effect({ kind: 'file', change: 'deleted', path: await nameInside(context.workspace, path) });
  return { path: input.path, token };
});
