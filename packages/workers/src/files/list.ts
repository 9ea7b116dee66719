import { defineAction } from '@cadre/sdk';
import picomatch from 'picomatch';
import { type ListOptions, listEntries } from '../tree/list-files.ts';
import { nameInside, resolveInside } from '../tree/safe-path.ts';

interface ListInput extends Omit<ListOptions, 'nested'> {
  readonly glob?: string;
  readonly limit?: number;
}

/** Sorted by code units; `total` counts all that match, also beyond the limit. */
export const list = defineAction(async (input: ListInput, context) => {
  const { glob = '**', limit = 10_000, path = '.' } = input;
  const matches = picomatch(glob, { dot: true });
  const folder = await resolveInside(context.workspace, path);
  const prefix = await nameInside(context.workspace, folder);
  const skip = prefix === '.' ? 0 : prefix.length + 1;
  const entries = await listEntries(context, input);
  const files = entries.filter((entry) => matches(entry.path.slice(skip)));
  return { files: files.slice(0, limit), total: files.length, truncated: files.length > limit };
});
