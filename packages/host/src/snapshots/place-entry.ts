import { randomUUID } from 'node:crypto';
import {
  chmod,
  constants,
  copyFile,
  lchown,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '@cadre/kit/files';
import type { Entry } from './entry.ts';

/** Bytes, or the file that has them. */
export type Content = Uint8Array | { readonly copyOf: string };

/** A place that cannot be written safely, in words. */
export class Misplaced extends Error {}

/**
 * Puts a file or link at a path below the root, by one rename, so that whoever looks finds the old or the new and a kill
 * at any moment leaves one of them. Flush the folders when all is placed: until then a power cut may bring the old back. Folders on the way are made. `stillFits` is asked right before the rename.
 * Throws Misplaced when a part of the way is a link or a file: nothing is ever written through a link.
 */
export async function placeEntry(
  root: string,
  path: string,
  entry: Pick<Entry, 'kind' | 'mode'> & { readonly content: Content },
  stillFits: () => Promise<boolean>,
): Promise<boolean> {
  const folder = join(root, dirname(path));
  await makeFolders(root, dirname(path));
  const temporary = join(folder, `.cadre-${randomUUID()}.tmp`);
  try {
    await fill(temporary, entry.kind, entry.content);
    await giveAway(temporary, [join(root, path), folder]);
    // After the owner: changing it clears set-id bits.
    if (entry.kind === 'file') await chmod(temporary, entry.mode);
    if (!(await stillFits())) return false;
    await rename(temporary, join(root, path));
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function fill(temporary: string, kind: Entry['kind'], content: Content): Promise<void> {
  if (kind === 'link') {
    return symlink('copyOf' in content ? await readlink(content.copyOf) : Buffer.from(content), temporary);
  }
  if ('copyOf' in content) {
    await copyFile(content.copyOf, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(temporary, 0o600);
    const { atime, mtime } = await stat(content.copyOf);
    await utimes(temporary, atime, mtime);
  }
  const file = await open(temporary, 'copyOf' in content ? 'r+' : 'wx', 0o600);
  try {
    if (!('copyOf' in content)) await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where Cadre runs as root, what it makes belongs to whom the first of these that is there belongs. */
async function giveAway(made: string, models: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const model of models) {
    const found = await lstat(model).catch(() => undefined);
    if (found !== undefined) return lchown(made, found.uid, found.gid);
  }
}

/** Every folder on the way, each a real one. */
export async function makeFolders(root: string, path: string, mode = 0o777): Promise<void> {
  if (path === '.' || path === '') return;
  await makeFolders(root, dirname(path));
  const whole = join(root, path);
  try {
    await mkdir(whole, { mode });
    await giveAway(whole, [dirname(whole)]);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    if (!(await lstat(whole)).isDirectory()) {
      throw new Misplaced(`${path} is not a folder, so nothing can be put into it`);
    }
  }
}
