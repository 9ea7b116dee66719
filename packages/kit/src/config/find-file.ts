import { join } from 'node:path';
import { KitError } from '../error.ts';
import { isTaken } from '../files/is-taken.ts';

const ENDINGS = ['yaml', 'yml', 'toml', 'json'];

/** The settings file of a layer: `name` with one of the endings. Throws `config_ambiguous` when there are two. */
export async function findConfigFile(folder: string, name: string): Promise<string | undefined> {
  const candidates = ENDINGS.map((ending) => join(folder, `${name}.${ending}`));
  const taken = await Promise.all(candidates.map(isTaken));
  const found = candidates.filter((_, index) => taken[index]);
  if (found.length < 2) return found[0];
  throw new KitError('config_ambiguous', `these files set the same things: ${found.join(', ')}`, {
    hint: 'keep one of them',
    details: { files: found },
  });
}
