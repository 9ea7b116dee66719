import { holdFolder, makeFolder, type UnlinkedFolder } from './unlinked-folder.ts';

/**
 * Goes down to the folders of many paths, one after the other, and keeps those of the last one open, since the next path is mostly in the same
 * folder.
 */
export interface Way {
  /** The folder around `path`, which begins at the top of the tree; undefined where something on the way is no folder. */
  around(path: string, make?: boolean): Promise<UnlinkedFolder | undefined>;
  close(): Promise<void>;
}

export async function openWay(top: string): Promise<Way> {
  const first = await holdFolder(top);
  let open: { readonly name: string; readonly folder: UnlinkedFolder }[] = [];

  async function leave(depth: number): Promise<void> {
    const left = open.slice(depth);
    open = open.slice(0, depth);
    for (const { folder } of left) await folder.close();
  }

  return {
    async around(path, make = false) {
      const names = path.split('/').slice(1, -1);
      const same = names.findIndex((name, at) => open[at]?.name !== name);
      await leave(same < 0 ? names.length : same);
      for (const name of names.slice(open.length)) {
        const here = open.at(-1)?.folder ?? first;
        if (here === undefined) return undefined;
        const next = make ? await makeFolder(here, name) : await holdFolder(here.at(name));
        if (next === undefined) return undefined;
        open.push({ name, folder: next });
      }
      return open.at(-1)?.folder ?? first;
    },
    async close() {
      await leave(0);
      await first?.close();
    },
  };
}
