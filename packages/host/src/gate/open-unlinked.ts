import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@cadre/kit/files';

/**
 * Opens a file of a tree in which somebody may be at work who is not trusted: who is quick enough puts a link in its place, or in that of
 * a folder on the way, between the look at it and its opening. Undefined when that is so, and when it is no file any more.
 * Where the system does not tell what was opened (not on Linux) only the file itself is guarded.
 */
export async function openUnlinked(root: string, path: string): Promise<FileHandle | undefined> {
  const place = join(await realpath(root), path);
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(place, flags).catch((error: unknown) => {
    if (systemCode(error) === 'ELOOP') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => place);
  if (opened === place && (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}
