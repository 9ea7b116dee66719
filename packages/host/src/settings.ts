import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  faultLine,
  type LoadedConfig,
  loadConfig,
  type publishedSchema,
  type Setting,
} from '@cadre/kit/config';
import { APP, type AppOptions } from './app-options.ts';
import { type Config, ConfigSchema } from './config.ts';
import { DIST } from './installation.ts';
import type { TrustDecision } from './ports/trust.ts';
import { addedUp, describeWidening, type Widening, wideningOf } from './widening.ts';

export interface Settings extends LoadedConfig<Config> {
  /** What the person has just decided of the workspace's own file. */
  readonly decided?: TrustDecision['decision'];
}

/**
 * Throws `config_invalid` with every fault, `not_trusted` when the workspace's own file asks for more than a file of a repository may
 * decide and the person has not said that it counts, and the other refusals of `loadConfig`.
 */
export async function loadSettings(options: AppOptions): Promise<Settings> {
  let decided: Settings['decided'];
  const settings = await load(options, async (told) => {
    const widening = wideningOf(told);
    if (widening.length === 0) return addedUp(told);
    const { settleTrust } = await import('./settle-trust.ts');
    const { decision, isNew } = await settleTrust(options, widening[0]?.origin ?? '', describeWidening(told));
    if (isNew) decided = decision;
    return addedUp(decision === 'trusted' ? told : told.filter((one) => !widening.includes(one)));
  });
  for (const warning of settings.warnings) options.warn(faultLine(warning));
  return decided === undefined ? settings : { ...settings, decided };
}

/** What the workspace's own file would widen; nothing of it counts by that. */
export async function readWidening(
  options: Pick<AppOptions, 'place' | 'env' | 'log'>,
): Promise<readonly Widening[]> {
  let found: readonly Widening[] = [];
  await load(options, async (told) => {
    found = describeWidening(told);
    return told;
  });
  return found;
}

function load(
  { place, env, log }: Pick<AppOptions, 'place' | 'env' | 'log'>,
  admit: (settings: readonly Setting[]) => Promise<readonly Setting[]>,
): Promise<LoadedConfig<Config>> {
  return loadConfig({
    app: APP,
    schema: ConfigSchema,
    published: keptSchema(),
    workspace: place.root,
    env: ofSettings(env),
    strict: true,
    admit,
    ...(log === undefined ? {} : { options: { log } }),
  });
}

/** Without secrets, which are no settings, and with the variable that others call so too. */
function ofSettings({ CADRE_REDIS_URL, ...env }: AppOptions['env']): AppOptions['env'] {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('CADRE_SECRET_'));
  return {
    ...(CADRE_REDIS_URL === undefined ? {} : { CADRE_BUS__URL: CADRE_REDIS_URL }),
    ...Object.fromEntries(own),
  };
}

/** As the build has written it; whoever runs from other sources without it finds it out. */
function keptSchema(): ReturnType<typeof publishedSchema> | undefined {
  try {
    return JSON.parse(readFileSync(join(DIST, 'config-schema.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
