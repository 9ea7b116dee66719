import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CadreError } from '@cadre/core/history';

export interface Place {
  /** Absolute, links resolved: the repository around the folder, or the folder itself outside of one. */
  readonly root: string;
  /** The folder that was named, relative to the root; `.` when it is the root. */
  readonly path: string;
  readonly name: string;
}

/** Finds the workspace that a folder belongs to. Throws `workspace_not_found`. */
export async function findPlace(folder: string, cwd: string): Promise<Place> {
  const wanted = resolve(cwd, folder);
  const named = await realpath(wanted).catch((cause: unknown) => {
    throw new CadreError('workspace_not_found', `there is no folder ${wanted}`, {
      cause,
      hint: 'name a folder that exists with --path',
    });
  });
  if (!(await stat(named)).isDirectory()) {
    throw new CadreError('workspace_not_found', `${wanted} is a file, not a folder`, {
      hint: `--path ${dirname(wanted)}`,
    });
  }
  const root = (await enclosingRepository(named)) ?? named;
  const path = named === root ? '.' : named.slice(root.length + 1);
  return { root, path, name: basename(root) };
}

async function enclosingRepository(folder: string): Promise<string | undefined> {
  for (let here = folder; ; here = dirname(here)) {
    // A file in work trees and submodules, a folder elsewhere.
    if ((await stat(join(here, '.git')).catch(() => undefined)) !== undefined) return here;
    if (dirname(here) === here) return undefined;
  }
}
