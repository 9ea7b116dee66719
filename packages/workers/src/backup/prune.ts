import { defineAction } from '@cadre/sdk';
import { archivePath, excessArchives, removeArchives } from './archive-store.ts';

export const prune = defineAction(async (input: { readonly keep?: number }, context) => {
  const removed = await excessArchives(context, input.keep ?? 10);
  for (const archive of removed) {
    context.effect({ kind: 'file', change: 'deleted', path: archivePath(context, archive) });
  }
  if (context.mode === 'apply') await removeArchives(context, removed);
  return { removed };
});
