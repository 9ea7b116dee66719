import { statfs } from 'node:fs/promises';
import { systemFault } from './system-fault.ts';

/** Bytes that this user may still write to the file system of `path`, and its size in bytes. */
export async function diskFree(path: string): Promise<{ readonly free: number; readonly total: number }> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch (error) {
    throw systemFault(error, `cannot measure the file system of ${path}`, 'not_readable');
  }
}
