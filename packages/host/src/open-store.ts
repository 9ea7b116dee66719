import { isCadreError } from '@cadre/core/errors';
import type { Log } from '@cadre/kit/log';
import type { AppOptions } from './app-options.ts';
import type { Config } from './config.ts';
import { classLimits, knownClasses } from './dispatch/class-limits.ts';
import { openBossQueue } from './dispatch/open-boss-queue.ts';
import type { EngineOptions } from './engine/engine.ts';
import { environmentSecrets } from './environment-secrets.ts';
import { openLog } from './open-log.ts';
import type { Store } from './ports/store.ts';
import type { Wire } from './ports/wire.ts';
import { clearOf, schemaOf } from './store-address.ts';
import { openPostgresStore } from './stores/open-postgres-store.ts';

/** Which store it is, as people may see it. */
export interface StoreFacts {
  readonly kind: 'sqlite' | 'postgres';
  readonly place: string;
}

export interface OpenedStore {
  readonly store: Store;
  readonly facts: StoreFacts;
  readonly sharing?: NonNullable<EngineOptions['sharing']>;
}

/** A database that many processes share, as the settings name it. */
export async function openShared(options: AppOptions, config: Config): Promise<OpenedStore> {
  const url = await clearOf(config.store.url ?? '', environmentSecrets(options.env));
  const schema = config.store.schema ?? schemaOf(options.place.name);
  const limits = classLimits(config.classes);
  const log = openLog(config, options);
  const warn = (error: unknown) =>
    isCadreError(error)
      ? log.warn(error.message, { code: error.code, hint: error.hint })
      : log.warn('the store is tried again', { error: messageOf(error) });
  const store = await openPostgresStore(url, schema, undefined, await openWire(options, config, schema, log));
  const close = async () => {
    await store.close();
    await log.close();
  };
  return {
    store: { ...store, close },
    facts: { kind: 'postgres', place: store.place },
    sharing: {
      shared: store.shared,
      queue: openBossQueue({
        store: store.shared,
        schema: `${schema}_work`,
        isLimited: (className) => limits(className).everywhere !== undefined,
        failed: warn,
      }),
      knownClasses: knownClasses(config.classes),
      everywhere: (className) => limits(className).everywhere,
      warn,
    },
  };
}

/** Everything in one schema hears each other, whatever else uses the server. */
async function openWire(
  options: AppOptions,
  config: Config,
  schema: string,
  log: Log,
): Promise<Wire | undefined> {
  if (config.bus.url === undefined) return undefined;
  const url = await clearOf(config.bus.url, environmentSecrets(options.env), 'bus.url');
  const { openRedisWire } = await import('./bus/open-redis-wire.ts');
  return openRedisWire({ url, name: schema, warn: (text) => log.warn(text) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
