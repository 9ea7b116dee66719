import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What changes without anybody having changed the worker. */
const NOT_LOOKED_AT: ReadonlySet<string> = new Set(['.git', '.DS_Store', 'coverage']);

/**
 * All of the package as it is now, for as long as the copy is kept; on file systems that can, without taking up room. Nothing is left out,
 * since any file may be code: the copy is what a grant was given to.
 */
export async function copyPackage(folder: string, to: string): Promise<void> {
  await cp(folder, to, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
}

/** Another one when anything of the package has changed. What it depends on is not read: its places and times are enough. */
export async function stampOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  await addTo(hash, folder, '', false);
  return hash.digest('hex');
}

async function addTo(
  hash: ReturnType<typeof createHash>,
  folder: string,
  path: string,
  isForeign: boolean,
): Promise<void> {
  const names = await readdir(join(folder, path)).catch(() => []);
  for (const name of names.filter((one) => !NOT_LOOKED_AT.has(one)).sort()) {
    const inner = path === '' ? name : `${path}/${name}`;
    const place = join(folder, inner);
    const found = await lstat(place).catch(() => undefined);
    if (found === undefined) continue;
    hash.update(`${inner}\0${found.mode}\0`);
    if (found.isDirectory()) await addTo(hash, folder, inner, isForeign || name === 'node_modules');
    else if (found.isSymbolicLink()) hash.update(await readlink(place));
    // A pipe would be waited for.
    else if (isForeign || !found.isFile()) hash.update(`${found.size} ${found.mtimeMs}`);
    // It may go while it is looked at: then it is looked at again.
    else hash.update(await readFile(place).catch(() => ''));
  }
}
