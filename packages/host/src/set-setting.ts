import { dirname, join } from 'node:path';
import { isCadreError } from '@cadre/core/errors';
import { type ConfigChange, setConfig } from '@cadre/kit/config';
import { parse as parseYaml } from 'yaml';
import { ConfigSchema } from './config.ts';
import type { Settings } from './settings.ts';

/**
 * Writes a setting into the workspace's own file, which is made when there is none: as YAML (`70`, `[a, b]`); where that does not fit
 * the setting, as the text it is.
 */
export async function setSetting(
  { files }: Settings,
  root: string,
  key: string,
  text: string,
): Promise<ConfigChange> {
  const file = files.find((one) => dirname(one) === root) ?? join(root, 'cadre.yaml');
  try {
    return await setConfig(file, key, parseYaml(text), { schema: ConfigSchema });
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return setConfig(file, key, text, { schema: ConfigSchema });
  }
}
