import { defineAction } from '@cadre/sdk';
import { type ListOptions, listEntries } from '../tree/list-files.ts';

export const largest = defineAction(async (input: ListOptions & { readonly limit?: number }, context) => {
  const entries = await listEntries(context, { ...input, ignored: input.ignored ?? true });
  const files = entries.filter(({ kind }) => kind === 'file').toSorted((a, b) => b.bytes - a.bytes);
  return {
    files: files.slice(0, input.limit ?? 20).map(({ path, bytes }) => ({ path, bytes })),
    total: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
});
