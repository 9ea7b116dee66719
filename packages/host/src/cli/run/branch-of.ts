import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * The branch of the repository at a folder, read from its files: the line that it is for must not wait for git. Undefined
 * outside of a repository, and with a detached head.
 */
export async function branchOf(root: string): Promise<string | undefined> {
  const head = await readHead(join(root, '.git'));
  return head?.match(/^ref: refs\/heads\/(.+)\n?$/)?.[1];
}

async function readHead(place: string): Promise<string | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => undefined);
  // In work trees and submodules `.git` is a file that says where the folder is.
  const link = (await read(place))?.match(/^gitdir: (.+)\n?$/)?.[1];
  return read(join(link === undefined ? place : resolve(place, '..', link), 'HEAD'));
}
