import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { KitError } from '../error.ts';
import { copyTree } from './copy-tree.ts';
import { isTaken } from './is-taken.ts';
import { readText } from './read-text.ts';
import { systemCode, systemFault } from './system-fault.ts';
import { writeAtomic } from './write-atomic.ts';

export interface Trashed {
  /** Give it to `restore`. */
  readonly token: string;
  /** Where it was, absolute. */
  readonly path: string;
}

/**
 * Moves a file, link or folder into `trashDir`. The note that says where it came from is written before the move,
 * so that a crash between the two leaves an empty note and never a nameless thing.
 * Throws `not_found`, `not_writable`, and `refused` for the root of a file system.
 */
export async function trash(path: string, options: { readonly trashDir: string }): Promise<Trashed> {
  const from = resolve(path);
  if (dirname(from) === from)
    throw new KitError('refused', `cannot remove ${from}: it is a file system's root`);
  if (!(await isTaken(from))) throw new KitError('not_found', `cannot remove ${from}: it does not exist`);
  const token = randomUUID();
  const place = join(options.trashDir, token);
  try {
    await mkdir(place, { recursive: true, mode: 0o700 });
    await writeAtomic(join(place, 'origin.json'), JSON.stringify({ path: from }));
    await moveTree(from, join(place, 'content'));
  } catch (error) {
    throw systemFault(error, `cannot move ${from} to the trash`);
  }
  return { token, path: from };
}

/** Puts back what `trash` took, where it was or to `to`. Throws `not_found`, and `exists` when the place is taken. */
export async function restore(
  token: string,
  options: { readonly trashDir: string; readonly to?: string },
): Promise<{ readonly path: string }> {
  const place = join(options.trashDir, basename(token));
  const origin = JSON.parse(await readText(join(place, 'origin.json'))) as { path: string };
  const path = resolve(options.to ?? origin.path);
  if (await isTaken(path)) {
    throw new KitError('exists', `cannot restore ${path}: something is there already`, {
      hint: 'move it away or restore to another place',
    });
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    await moveTree(join(place, 'content'), path);
  } catch (error) {
    throw systemFault(error, `cannot restore ${path}`);
  }
  await rm(place, { recursive: true });
  return { path };
}

async function moveTree(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    await copyAcross(from, to);
  }
}

/** Between file systems; the source goes only when the whole copy stands. */
async function copyAcross(from: string, to: string): Promise<void> {
  const copied = await copyTree(from, to);
  if (copied.status !== 'succeeded') {
    await rm(to, { recursive: true, force: true });
    throw new KitError(
      'not_readable',
      `cannot move ${from} to another file system: parts could not be copied`,
      {
        details: copied,
      },
    );
  }
  await rm(from, { recursive: true });
}
