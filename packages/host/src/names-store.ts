import { readFile } from 'node:fs/promises';
import { findConfigFile } from '@cadre/kit/config-file';
import { configDir } from '@cadre/kit/data';
import { APP, type AppOptions } from './app-options.ts';

/**
 * Whether some setting may name another store than the file of this machine, found out without parsing any: a file in which
 * neither the word nor a backslash stands, which could hide it, cannot. Then a command that only looks reads no settings.
 */
export async function mayNameStore({ env, place }: AppOptions): Promise<boolean> {
  if (Object.keys(env).some((name) => /^CADRE_STORE/i.test(name))) return true;
  const files = [
    await findConfigFile(configDir(APP, { env }), 'config'),
    await findConfigFile(place.root, APP),
  ];
  const texts = await Promise.all(
    files.filter((file) => file !== undefined).map((file) => readFile(file, 'utf8').catch(() => 'store')),
  );
  return texts.some((text) => /store|\\/i.test(text));
}
