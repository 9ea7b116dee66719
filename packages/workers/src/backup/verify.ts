import { defineAction } from '@cadre/sdk';
import { archivePath, findArchive } from './archive-store.ts';
import { verifyArchive } from './read-archive.ts';

/** Damage is an answer (`intact: false`) that names what is damaged. Fails with `not_found`. */
export const verify = defineAction(
  async (input: { readonly archive?: string; readonly run?: string }, context) => {
    const { archive } = await findArchive(context, input);
    const { files, bytes, problems } = await verifyArchive(archivePath(context, archive), context.signal);
    return { archive, intact: problems.length === 0, files, bytes, problems };
  },
);
