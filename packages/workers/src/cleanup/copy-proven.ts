import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { copyTree, hashFile } from '@cadre/kit/files';
import { ActionError } from '@cadre/sdk';

/** Copies a file, link or folder and compares the copy. Throws `not_readable` when any part is missing or differs. */
export async function copyProven(source: string, target: string): Promise<void> {
  const copied = await copyTree(source, target);
  const isWhole = copied.status === 'succeeded' && copied.skipped.length === 0;
  if (isWhole && (await areEqual(source, target))) return;
  throw new ActionError('not_readable', `${source} could not be copied as a whole`, {
    details: {
      failed: copied.failed.map(({ path, message }) => ({ path, message })),
      skipped: [...copied.skipped],
    },
  });
}

async function areEqual(first: string, second: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(first), lstat(second)]);
  if (one.isSymbolicLink()) return (await readlink(first)) === (await readlink(second));
  if (one.isFile()) return one.size === other.size && (await hashFile(first)) === (await hashFile(second));
  const [names, others] = await Promise.all([readdir(first), readdir(second)]);
  if (names.length !== others.length) return false;
  for (const name of names) {
    if (!others.includes(name) || !(await areEqual(join(first, name), join(second, name)))) return false;
  }
  return true;
}
