import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '@cadre/kit/files';
import { type ActionContext, defineAction } from '@cadre/sdk';
import { type ListedEntry, type ListOptions, listEntries } from '../tree/list-files.ts';
import { resolveInside } from '../tree/safe-path.ts';

interface DuplicatesInput extends ListOptions {
  readonly minBytes?: number;
}

/** By size first, then by SHA-256 of the whole content. Names of one and the same file (hard links) count once. */
export const duplicates = defineAction(async (input: DuplicatesInput, context) => {
  const { minBytes = 1, ...options } = input;
  const root = await resolveInside(context.workspace, '.');
  const entries = await listEntries(context, options);
  const files = entries.filter(({ kind, bytes }) => kind === 'file' && bytes >= minBytes);
  const groups: { sha256: string; bytes: number; paths: string[] }[] = [];
  for (const [bytes, same] of Map.groupBy(files, (file) => file.bytes)) {
    if (same.length < 2) continue;
    for (const [sha256, paths] of await byContent(root, same, context)) {
      if (paths.length > 1) groups.push({ sha256, bytes, paths });
    }
  }
  const wasted = ({ bytes, paths }: { bytes: number; paths: string[] }) => bytes * (paths.length - 1);
  groups.sort((a, b) => wasted(b) - wasted(a));
  return { groups, wastedBytes: groups.reduce((sum, group) => sum + wasted(group), 0) };
});

async function byContent(
  root: string,
  files: readonly ListedEntry[],
  context: ActionContext,
): Promise<Map<string, string[]>> {
  const seen = new Set<string>();
  const found = new Map<string, string[]>();
  for (const { path } of files) {
    const { dev, ino } = await stat(join(root, path));
    if (seen.has(`${dev}:${ino}`)) continue;
    seen.add(`${dev}:${ino}`);
    const sha256 = await hashFile(join(root, path), { signal: context.signal });
    found.set(sha256, [...(found.get(sha256) ?? []), path]);
  }
  return found;
}
