import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import type { Log } from '@cadre/kit/log';
import type { Config } from './config.ts';
import { classLimits, knownClasses } from './dispatch/class-limits.ts';
import type { EngineOptions } from './engine/engine.ts';
import type { SecretSource } from './ports/secret-source.ts';
import type { Store } from './ports/store.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';

/** Which store it is, as people may see it. */
export interface StoreFacts {
  readonly kind: 'sqlite' | 'postgres';
  readonly place: string;
}

export interface OpenedStore {
  readonly store: Store;
  readonly facts: StoreFacts;
  readonly sharing?: NonNullable<EngineOptions['sharing']>;
  /** The classes of work that are known by name. */
  readonly classes: readonly string[];
}

export interface StorePlace {
  readonly config: Config;
  /** The workspace's folder for data. */
  readonly folder: string;
  readonly name: string;
  readonly secrets: SecretSource;
  readonly log: Log;
}

/** The store that the settings name: a file of this machine, or a database that many processes share. */
export async function openStore(place: StorePlace): Promise<OpenedStore> {
  const { url } = place.config.store;
  return url === undefined ? openFile(place) : openShared(place, await clearOf(url, place.secrets));
}

export async function openFile({ folder, config }: StorePlace): Promise<OpenedStore> {
  const place = join(folder, 'cadre.db');
  const store = await openSqliteStore(place);
  return { store, facts: { kind: 'sqlite', place }, classes: knownClasses(config.classes) };
}

export async function openShared({ config, name, log }: StorePlace, url: string): Promise<OpenedStore> {
  // Loaded when they are needed: a start on SQLite never pays for them.
  const { openPostgresStore } = await import('./stores/open-postgres-store.ts');
  const { openBossQueue } = await import('./dispatch/open-boss-queue.ts');
  const schema = config.store.schema ?? schemaOf(name);
  const store = await openPostgresStore(url, schema);
  const limits = classLimits(config.classes);
  const warn = (error: unknown) => log.warn('the store is tried again', { error: messageOf(error) });
  return {
    store,
    facts: { kind: 'postgres', place: store.place },
    classes: knownClasses(config.classes),
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

/** Two workspaces of one name that share a database name their schemas themselves: `store.schema`. */
export function schemaOf(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `cadre_${plain}`.slice(0, 40).replace(/_+$/, '');
}

const REFERENCE = /^secret:(.+)$/;

/** A file names the address as `secret:NAME`; only a variable holds it itself. */
export async function clearOf(url: string, secrets: SecretSource): Promise<string> {
  const [, name] = REFERENCE.exec(url) ?? [];
  if (name === undefined) return url;
  const found = await secrets.find(name);
  if (found !== undefined) return found;
  throw new CadreError('not_configured', `store.url names the secret ${name}, which there is not`, {
    hint: `set CADRE_SECRET_${name}, or CADRE_STORE__URL instead of the setting`,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
