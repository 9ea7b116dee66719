import type { Upkeep, Vacuumed } from '../ports/upkeep.ts';
import type { Database } from './database.ts';

/** Pages of one step: some milliseconds, in which nobody else may write. */
const STEP_PAGES = 256;
/** Below this share of the file its free pages are filled again soon enough. */
const WORTH = 0.1;

/**
 * SQLite. A file that was made with `auto_vacuum = INCREMENTAL` gives back its free pages in small steps; an older one is
 * written anew once, when nobody else is there, and gives back in small steps from then on.
 */
export function sqliteVacuum(database: Database): Upkeep['vacuum'] {
  const number = async (pragma: string) =>
    Number(Object.values((await database.read(`PRAGMA ${pragma}`, []))[0] ?? {})[0] ?? 0);
  return async (alone) => {
    const size = await number('page_size');
    const [pages, free] = [await number('page_count'), await number('freelist_count')];
    const done = async (how: Vacuumed['how']): Promise<Vacuumed> => ({
      how,
      bytesBefore: pages * size,
      bytesAfter: (await number('page_count')) * size,
    });
    await database.read('PRAGMA optimize', []);
    if (free < pages * WORTH) return done('none');
    if ((await number('auto_vacuum')) === INCREMENTAL) {
      for (let left = free; left > 0; left -= STEP_PAGES) {
        await database.read(`PRAGMA incremental_vacuum(${STEP_PAGES})`, []);
        // Others have their turn.
        await new Promise(setImmediate);
      }
      await database.read('PRAGMA wal_checkpoint(PASSIVE)', []);
      return done('incremental');
    }
    if (!alone) return done('none');
    await database.read('PRAGMA auto_vacuum = INCREMENTAL', []);
    await database.read('VACUUM', []);
    return done('whole');
  };
}

const INCREMENTAL = 2;

const TABLES = [
  'runs',
  'events',
  'effects',
  'documents',
  'logs',
  'kept',
  'run_counts',
  'kept_sizes',
  'tombstones',
  'artifacts',
  'artifact_uses',
  'artifact_chunks',
];

/** PostgreSQL: rows that are gone make room for new ones, and the planner knows what there is. Nobody waits for it. */
export function postgresVacuum(database: Database): Upkeep['vacuum'] {
  const size = async () =>
    Number(
      (
        await database.read(
          'SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relnamespace = current_schema()::regnamespace',
          [],
        )
      )[0]?.['bytes'] ?? 0,
    );
  return async () => {
    const bytesBefore = await size();
    for (const table of TABLES) await database.read(`VACUUM (ANALYZE) ${table}`, []);
    return { how: 'analyzed', bytesBefore, bytesAfter: await size() };
  };
}
