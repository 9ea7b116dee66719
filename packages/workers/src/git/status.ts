import { defineAction } from '@cadre/sdk';
import { readStatus } from './read-status.ts';
import { openRepository } from './repository.ts';

/** Fails with `not_a_repository`. Paths are from the root of the repository. */
export const status = defineAction(async (input: { readonly path?: string }, context) => {
  const { root, branch, head, unfinished } = await openRepository(context, input.path);
  const { entries, upstream, ahead, behind } = await readStatus(context, root);
  return { branch, head, upstream, ahead, behind, unfinished, clean: entries.length === 0, entries };
});
