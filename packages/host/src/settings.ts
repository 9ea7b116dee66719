import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultLine, type LoadedConfig, loadConfig, type publishedSchema } from '@cadre/kit/config';
import { APP, type AppOptions } from './app-options.ts';
import { type Config, ConfigSchema } from './config.ts';
import { DIST } from './installation.ts';

export type Settings = LoadedConfig<Config>;

/** Throws `config_invalid` with every fault, and the other refusals of `loadConfig`. */
export async function loadSettings({ place, env, warn, log }: AppOptions): Promise<Settings> {
  const settings = await loadConfig({
    app: APP,
    schema: ConfigSchema,
    published: keptSchema(),
    workspace: place.root,
    env: withRedis(env),
    strict: true,
    ...(log === undefined ? {} : { options: { log } }),
  });
  for (const warning of settings.warnings) warn(faultLine(warning));
  return settings;
}

/** The variable that others call so too. */
function withRedis({ CADRE_REDIS_URL, ...env }: AppOptions['env']): AppOptions['env'] {
  return CADRE_REDIS_URL === undefined ? env : { CADRE_BUS__URL: CADRE_REDIS_URL, ...env };
}

/** As the build has written it; whoever runs from other sources without it finds it out. */
function keptSchema(): ReturnType<typeof publishedSchema> | undefined {
  try {
    return JSON.parse(readFileSync(join(DIST, 'config-schema.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
