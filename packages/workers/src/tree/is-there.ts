import { lstat } from 'node:fs/promises';

/** Whether anything stands at a path, a broken link included. */
export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
