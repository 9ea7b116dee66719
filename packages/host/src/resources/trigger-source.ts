import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trigger } from '@cadre/core';
import { type LoadedTrigger, loadTriggers, triggersFolder } from './load-triggers.ts';

export interface TriggerSource {
  /** All files, read again when one of them has changed. */
  load(): Promise<readonly LoadedTrigger[]>;
  /** Those that can be used. A file that cannot be read any more is told once, by `broken`. */
  usable(): Promise<readonly Trigger[]>;
}

export function openTriggerSource(workspace: string, broken: (one: LoadedTrigger) => void): TriggerSource {
  let stamp: string | undefined;
  let loaded: Promise<readonly LoadedTrigger[]> = Promise.resolve([]);

  async function load(): Promise<readonly LoadedTrigger[]> {
    const now = await stampOf(triggersFolder(workspace));
    if (now !== stamp) {
      stamp = now;
      loaded = loadTriggers(workspace);
      for (const one of await loaded) if (one.trigger === undefined) broken(one);
    }
    return loaded;
  }

  return {
    load,
    usable: async () => (await load()).flatMap(({ trigger }) => (trigger === undefined ? [] : [trigger])),
  };
}

async function stampOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const stamps = await Promise.all(
    names.sort().map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined);
      return `${name} ${found?.size} ${found?.mtimeMs} ${found?.ino}`;
    }),
  );
  return stamps.join('\n');
}
