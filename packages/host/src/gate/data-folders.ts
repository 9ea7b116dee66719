import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GiveAway } from './owner.ts';

/** Where workers keep what is theirs, each in a folder that no other one sees, made when it is first called. */
export function openDataFolders(
  folder: string,
  giveAway: () => Promise<GiveAway>,
): (worker: string) => Promise<string> {
  const folders = new Map<string, Promise<string>>();
  const make = async (worker: string) => {
    const own = join(folder, worker);
    const isNew = (await mkdir(own, { recursive: true, mode: 0o700 })) !== undefined;
    if (isNew) await (await giveAway())(own);
    return own;
  };
  return (worker) => {
    const own = folders.get(worker) ?? make(worker);
    folders.set(worker, own);
    return own;
  };
}
