import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Path to what changes whenever the file does: the system sets the time of change, and no program can set it back. */
export type TreeState = ReadonlyMap<string, string>;

const AT_ONCE = 32;

/** Looks at every file and link of a tree. `without` are names at its root that are not looked at. */
export async function readTreeState(root: string, without: ReadonlySet<string>): Promise<TreeState> {
  const state = new Map<string, string>();
  const folders = [''];
  const visit = async (path: string, isFolder: boolean) => {
    if (without.has(path)) return;
    if (isFolder) folders.push(path);
    else await note(root, path, state);
  };
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (let start = 0; start < entries.length; start += AT_ONCE) {
      await Promise.all(
        entries
          .slice(start, start + AT_ONCE)
          .map((entry) => visit(folder === '' ? entry.name : `${folder}/${entry.name}`, entry.isDirectory())),
      );
    }
  }
  return state;
}

async function note(root: string, path: string, state: Map<string, string>): Promise<void> {
  // Deleted while we looked: then it is not there.
  const found = await lstat(join(root, path), { bigint: true }).catch(() => undefined);
  if (found !== undefined) state.set(path, `${found.ino} ${found.size} ${found.ctimeNs}`);
}

/** Paths that are new, gone or different, sorted. */
export function changedPaths(before: TreeState, after: TreeState): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
