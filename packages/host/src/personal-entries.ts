import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core/errors';
import { writeAtomic } from '@cadre/kit/files';

/**
 * Things that a person keeps for themselves, each in a file of its own in a folder that no worker sees: processes that change them at
 * once cannot lose what another wrote.
 */
export interface PersonalEntries<Item> {
  list(): Promise<readonly Item[]>;
  find(name: string): Promise<Item | undefined>;
  put(name: string, item: Item): Promise<void>;
  /** True when there was one. */
  remove(name: string): Promise<boolean>;
}

interface About<Item> {
  /** `what you trust` */
  readonly called: string;
  /** What is so until it is mended. */
  readonly until: string;
  /** Throws when it is none of them. */
  readonly parse: (data: unknown) => Item;
}

const NAME = /^[\w-]{1,128}$/;

export function openPersonalEntries<Item>(folder: string, about: About<Item>): PersonalEntries<Item> {
  const fileOf = (name: string) => join(folder, `${name}.json`);

  async function find(name: string): Promise<Item | undefined> {
    if (!NAME.test(name)) return undefined;
    const text = await readFile(fileOf(name), 'utf8').catch(absent);
    if (text === undefined) return undefined;
    try {
      return about.parse(JSON.parse(text));
    } catch (cause) {
      throw new CadreError('config_corrupt', `${about.called} cannot be read: ${fileOf(name)}`, {
        hint: `mend or remove it; until then ${about.until}`,
        cause,
      });
    }
  }

  return {
    find,
    async list() {
      const names = (await readdir(folder).catch(absent)) ?? [];
      const found = names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
      const items = await Promise.all(found.map((name) => find(name.slice(0, -'.json'.length))));
      return items.filter((item) => item !== undefined);
    },
    async put(name, item) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomic(fileOf(name), `${JSON.stringify(item, undefined, 2)}\n`, { mode: 0o600 });
    },
    async remove(name) {
      if (!NAME.test(name)) return false;
      return rm(fileOf(name)).then(
        () => true,
        (error: unknown) => absent(error) ?? false,
      );
    },
  };
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
