import { mkdir } from 'node:fs/promises';
import { systemCode } from '@cadre/kit/files';
import { ActionError, defineAction } from '@cadre/sdk';
import { resolveInside } from '../tree/safe-path.ts';

/** Fails with `exists` when a file stands in the way. */
export const ensureDir = defineAction(async (input: { readonly path: string }, context) => {
  const path = await resolveInside(context.workspace, input.path);
  try {
    return { path: input.path, created: (await mkdir(path, { recursive: true })) !== undefined };
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    throw new ActionError('exists', `${input.path} cannot be a folder: a file stands in the way`);
  }
});
