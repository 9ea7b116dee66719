import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { KitError } from '../error.ts';
import { isInside } from './is-inside.ts';
import { type ReadOptions, readText } from './read-text.ts';
import { realTarget } from './real-target.ts';
import { systemFault } from './system-fault.ts';
import { type Trashed, trash } from './trash.ts';
import { type Entry, type WalkOptions, walk } from './walk.ts';
import { type WriteOptions, writeAtomic } from './write-atomic.ts';

export type RemoveOptions = { readonly trashDir: string } | { readonly permanent: true };

/** All that may be done inside one folder. Paths are relative to it, or absolute and inside it. */
export interface Scope {
  /** The real path of the folder. */
  readonly root: string;
  /** The real absolute path, links followed, also of what does not exist yet. Throws `outside_root`. */
  resolve(path: string): Promise<string>;
  readText(path: string, options?: ReadOptions): Promise<string>;
  write(
    path: string,
    data: string | Uint8Array,
    options?: WriteOptions,
  ): Promise<{ readonly version: string }>;
  /** Moves to the trash, or deletes when `permanent`. The root itself is `refused`. A link goes, not its target. */
  remove(path: string, options: RemoveOptions): Promise<Trashed | undefined>;
  walk(options?: WalkOptions): AsyncGenerator<Entry, void, undefined>;
}

/** Opens a folder so that no path, `..` or symbolic link leads out of it. Throws `not_found`. */
export async function openScope(
  folder: string,
  options: { readonly readOnly?: boolean } = {},
): Promise<Scope> {
  const root = await realTarget(folder);
  const check = (target: string, path: string) => {
    if (isInside(root, target)) return target;
    throw new KitError('outside_root', `${path} leads out of ${root}`, {
      hint: `name a path inside ${root}`,
    });
  };
  const resolveInside = async (path: string) => check(await realTarget(resolve(root, path)), path);
  const refuseWhenReadOnly = (path: string) => {
    if (!options.readOnly) return;
    throw new KitError('refused', `cannot change ${path}: ${root} was opened for reading only`);
  };
  return {
    root,
    resolve: resolveInside,
    readText: async (path, readOptions) => readText(await resolveInside(path), readOptions),
    async write(path, data, writeOptions) {
      refuseWhenReadOnly(path);
      return writeAtomic(await resolveInside(path), data, writeOptions);
    },
    async remove(path, removeOptions) {
      refuseWhenReadOnly(path);
      const named = resolve(root, path);
      if (named === root) throw new KitError('refused', `cannot remove ${path}: it is the root of the scope`);
      const entry = check(join(await realTarget(dirname(named)), basename(named)), path);
      return 'trashDir' in removeOptions ? trash(entry, removeOptions) : removePermanently(entry);
    },
    walk: (walkOptions) => walk(root, walkOptions),
  };
}

async function removePermanently(entry: string): Promise<undefined> {
  try {
    await rm(entry, { recursive: true });
  } catch (error) {
    throw systemFault(error, `cannot remove ${entry}`);
  }
}
