import { lstat } from 'node:fs/promises';
import { systemCode } from './system-fault.ts';

/** Whether anything stands at a path, a broken link included. */
export async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}
