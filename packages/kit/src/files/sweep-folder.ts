import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from './process-start.ts';

/** Removes what processes that are gone have left in a folder: names begin with the process and when it was started. */
export async function sweepFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [pid = '', start = ''] = name.split('-');
    if (!(await isRunning(Number(pid), start)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
