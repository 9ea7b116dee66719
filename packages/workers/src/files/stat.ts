import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { hashFile } from '@cadre/kit/files';
import { defineAction } from '@cadre/sdk';
import { resolveEntryInside } from '../tree/safe-path.ts';

export const statPath = defineAction(async (input: { readonly path: string }, context) => {
  const path = await resolveEntryInside(context.workspace, input.path);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return { path: input.path, exists: false };
  return {
    path: input.path,
    exists: true,
    kind: kindOf(found),
    bytes: found.size,
    mode: found.mode & 0o7777,
    modifiedMs: Math.round(found.mtimeMs),
    ...(found.isFile() ? { version: await hashFile(path, { signal: context.signal }) } : {}),
    ...(found.isSymbolicLink() ? { target: await readlink(path) } : {}),
  };
});

function kindOf(found: Stats): 'file' | 'folder' | 'link' | 'other' {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}
