import { join } from 'node:path';
import { CadreError } from '@cadre/core/errors';
import type { Config } from './config.ts';
import { liveness, mayBeTaken } from './engine/holder.ts';
import type { Clock } from './ports/clock.ts';
import type { Lease, LeaseHolder } from './ports/lease-store.ts';
import type { SecretSource } from './ports/secret-source.ts';
import { clearOf, schemaOf } from './store-address.ts';
import { openSqliteDatabase } from './stores/sqlite-database.ts';

export interface Moved {
  readonly from: string;
  readonly to: string;
  readonly rows: Readonly<Record<string, number>>;
  /** False: this is what would be moved. */
  readonly done: boolean;
}

export interface MoveOptions {
  readonly config: Config;
  /** The workspace's folder for data. */
  readonly folder: string;
  readonly name: string;
  readonly secrets: SecretSource;
  /** `sqlite`, or the address of a PostgreSQL database. */
  readonly to: string;
  readonly planOnly: boolean;
  readonly leases: readonly Lease[];
  readonly holder: LeaseHolder;
  readonly clock: Clock;
  readonly told: (table: string, rows: number) => void;
}

/**
 * Copies a workspace's store to the other kind. The source stays as it is; which of the two is used is said by the setting
 * `store.url`. Throws `lease_held` while any process is at work, and `exists` when there is something at the other place.
 */
export async function moveStore(options: MoveOptions): Promise<Moved> {
  const { config, folder, name, secrets, told } = options;
  refuseWhileWorking(options);
  const { contentsOf, copyContents } = await import('./stores/move-store.ts');
  const { importArtifacts } = await import('./stores/import-artifacts.ts');
  const { postgresTarget, sqliteTarget } = await import('./stores/move-target.ts');
  const schema = config.store.schema ?? schemaOf(name);
  const file = join(folder, 'cadre.db');
  const source = await openSource(options, file, schema);
  const target =
    options.to === 'sqlite' ? sqliteTarget(file) : postgresTarget(await clearOf(options.to, secrets), schema);
  try {
    if (target.place === source.place) throw same(target.place);
    await target.checkFree();
    const moved = { from: source.place, to: target.place };
    if (options.planOnly) return { ...moved, rows: rowsOf(await contentsOf(source.database)), done: false };
    const database = await target.open();
    const copy = async () => {
      const copied = await copyContents(source.database, database, target.dialect, told);
      // Of a store on PostgreSQL there are none.
      await importArtifacts(database, join(folder, 'artifacts'));
      return copied;
    };
    const contents = await copy().finally(() => database.close());
    await target.finish();
    return { ...moved, rows: rowsOf(contents), done: true };
  } finally {
    await source.database.close();
    await target.close();
  }
}

async function openSource({ config, secrets }: MoveOptions, file: string, schema: string) {
  const { url } = config.store;
  if (url === undefined) return { place: file, database: await openSqliteDatabase(file) };
  const { parsePostgresAddress } = await import('./stores/postgres-address.ts');
  const { openSessions } = await import('./stores/postgres-sessions.ts');
  const { openPostgresDatabase } = await import('./stores/postgres-database.ts');
  const address = parsePostgresAddress(await clearOf(url, secrets), schema);
  return { place: address.name, database: await openPostgresDatabase(openSessions(address), address) };
}

/** Runs that are not over may be moved, and go on at the other place; what is under way may not. */
function refuseWhileWorking({ leases, holder, clock }: MoveOptions): void {
  const [working] = leases.filter(
    (lease) => lease.holder !== holder.holder && !mayBeTaken(lease, liveness(lease, holder), clock.now()),
  );
  if (working === undefined) return;
  throw new CadreError(
    'lease_held',
    `the store is in use: process ${working.pid} on ${working.host} holds ${working.name}`,
    { hint: 'end every cadre process of this workspace (they give back what they hold), then try again' },
  );
}

function rowsOf(contents: Readonly<Record<string, { readonly rows: number }>>): Record<string, number> {
  return Object.fromEntries(Object.entries(contents).map(([table, { rows }]) => [table, rows]));
}

function same(place: string): CadreError {
  return new CadreError('invalid_usage', `the store is at ${place} already`, {
    hint: 'name the other one: cadre migrate --to sqlite, or --to postgres://…',
  });
}
