import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { KitError } from '../error.ts';
import { systemCode, systemFault } from './system-fault.ts';

/** As many links in a row as Linux follows. */
const MOST_LINKS = 40;

/**
 * Where a path really leads, all links followed, also when the last parts do not exist yet (then what creating
 * them would make). Throws `not_found` for links in a circle, `not_readable` when a folder may not be entered.
 */
export async function realTarget(path: string, linksLeft = MOST_LINKS): Promise<string> {
  const absolute = resolve(path);
  if (absolute.includes('\0')) throw new KitError('invalid_value', 'a path holds a NUL character');
  try {
    return await realpath(absolute);
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' && linksLeft > 0;
    if (!missing) throw systemFault(error, `cannot open ${path}`, 'not_readable');
  }
  const parent = dirname(absolute);
  if (parent === absolute) return absolute;
  const real = join(await realTarget(parent, linksLeft), basename(absolute));
  const destination = await linkDestination(real);
  return destination === undefined ? real : realTarget(resolve(dirname(real), destination), linksLeft - 1);
}

async function linkDestination(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
