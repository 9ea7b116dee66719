import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CadreError } from '@cadre/core/errors';
import { isKitError, writeAtomic } from '@cadre/kit/files';

/** A list in a file of the person's own folder, which no worker sees. Processes that change it at once lose nothing. */
export interface PersonalList<Item> {
  read(): Promise<readonly Item[]>;
  /** Answers what there was before. */
  change(to: (items: readonly Item[]) => readonly Item[]): Promise<readonly Item[]>;
}

interface About<Item> {
  /** `the list of trusted workspaces` */
  readonly called: string;
  /** What is so until it is mended. */
  readonly until: string;
  /** Throws when it is no such list. */
  readonly parse: (data: unknown) => readonly Item[];
}

const TRIES = 50;

export function openPersonalList<Item>(file: string, about: About<Item>): PersonalList<Item> {
  async function readText(): Promise<string | undefined> {
    return readFile(file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
  }

  function parse(text: string | undefined): readonly Item[] {
    if (text === undefined) return [];
    try {
      return about.parse(JSON.parse(text));
    } catch (cause) {
      throw new CadreError('config_corrupt', `${about.called} ${file} cannot be read`, {
        hint: `mend or remove it; until then ${about.until}`,
        cause,
      });
    }
  }

  return {
    read: async () => parse(await readText()),
    async change(to) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      for (let left = TRIES; ; left--) {
        const text = await readText();
        const before = parse(text);
        const ifVersion = text === undefined ? null : createHash('sha256').update(text).digest('hex');
        try {
          await writeAtomic(file, `${JSON.stringify(to(before), undefined, 2)}\n`, {
            mode: 0o600,
            ifVersion,
          });
          return before;
        } catch (error) {
          if (left === 0 || !isKitError(error) || error.code !== 'changed_meanwhile') throw error;
        }
      }
    },
  };
}
