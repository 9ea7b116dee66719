import type { Due, KeptClass, Removed, RunCount, Upkeep } from '../ports/upkeep.ts';
import { change, type Database, type SqlValue } from './database.ts';
import { REMOVE_DEFINITIONS } from './sql/definitions.ts';
import {
  BESIDE_TABLES,
  buryRun,
  COUNT_RUNS,
  digestOfEvents,
  EXPIRE_RESULTS,
  FIND_TOMBSTONE,
  FORGET_BEFORE,
  forgetTombstones,
  HOLD,
  LIST_HOLDS,
  LIST_PINS,
  LIST_REMOVABLE,
  LIST_REMOVING,
  MOST_ROWS,
  PIN,
  RELEASE_HOLD,
  readDue,
  readHold,
  readPin,
  readTombstone,
  removeBeside,
  removeEvents,
  removeLogs,
  removeRecord,
  removeWhole,
  SUM_SIZES,
  UNPIN,
} from './sql/upkeep.ts';

/** The database itself keeps as many (migration 7). */
const FEWEST_TOMBSTONES = 100;

/**
 * Invariants
 * 1. A run that is removed was over, and its tombstone is written in the transaction that begins it.
 * 2. No transaction touches many more than 400 rows. Only a larger run goes in several; one that was cut off is finished by
 *    the next cleaning, before anything else.
 */
export function createUpkeep(database: Database, vacuum: Upkeep['vacuum']): Upkeep {
  const read = database.read.bind(database);

  /** What the database refuses (it was pinned, held, referred to, named meanwhile) stays, and is in nobody's way. */
  const unlessRefused = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  };

  async function removeTogether(group: readonly Due[], now: number): Promise<Removed[]> {
    const digests = await Promise.all(group.map(({ key }) => digestOfEvents(read, key)));
    const went = await unlessRefused(() =>
      database.write(function* () {
        const gone: boolean[] = [];
        for (const [index, due] of group.entries()) {
          const buried = yield* buryRun(due, digests[index] ?? '', now);
          if (buried) yield* removeWhole(due.key);
          gone.push(buried);
        }
        return gone;
      }),
    );
    if (went !== undefined) {
      return group
        .map((due, index) => ({ ...due, digest: digests[index] ?? '' }))
        .filter((_, index) => went[index]);
    }
    if (group.length === 1) return [];
    const alone: Removed[] = [];
    for (const due of group) alone.push(...(await removeTogether([due], now)));
    return alone;
  }

  async function removeLarge(due: Due, now: number): Promise<Removed[]> {
    const digest = await digestOfEvents(read, due.key);
    const buried = await unlessRefused(() => database.write(() => buryRun(due, digest, now)));
    if (buried !== true) return [];
    await finish(due.key);
    return [{ ...due, digest }];
  }

  async function removeLogsOf(group: readonly Due[]): Promise<readonly Removed[]> {
    const gone = await database.write(function* () {
      const each: boolean[] = [];
      for (const due of group) each.push(yield* removeLogs(due));
      return each;
    });
    return group.filter((_, index) => gone[index]);
  }

  async function finish(key: number): Promise<void> {
    for (const table of BESIDE_TABLES) while (!(await database.write(() => removeBeside(table, key))));
    await database.write(() => removeRecord(key));
    while (!(await database.write(() => removeEvents(key))));
  }

  return {
    counts: async () =>
      (await read(COUNT_RUNS, [])).map((row) => ({ ...row, runs: Number(row['runs']) }) as RunCount),
    sizes: async () =>
      (await read(SUM_SIZES, [])).map((row) => ({
        class: row['class'] as KeptClass,
        runs: Number(row['runs']),
        rows: Number(row['rows']),
        bytes: Number(row['bytes']),
      })),
    listRemovable: async (kept, after, limit) =>
      (await read(LIST_REMOVABLE, [kept, after?.endedAt ?? 0, after?.key ?? 0, limit])).map(readDue),
    async remove(kept, due, now) {
      const removed: Removed[] = [];
      for (const group of groupsOf(due)) {
        const isLarge = group.length === 1 && (group[0]?.rows ?? 0) > MOST_ROWS;
        if (kept === 'logs') removed.push(...(await removeLogsOf(group)));
        else if (isLarge) for (const one of group) removed.push(...(await removeLarge(one, now)));
        else removed.push(...(await removeTogether(group, now)));
      }
      return removed;
    },
    async finishRemovals() {
      const rows = await read(LIST_REMOVING, []);
      for (const { run } of rows) await finish(Number(run));
      return rows.length;
    },
    async findTombstone(run) {
      const [row] = await read(FIND_TOMBSTONE, [run]);
      return row === undefined ? undefined : readTombstone(row);
    },
    async forgetTombstones(most) {
      const [newest] = await read(FORGET_BEFORE, [Math.max(most, FEWEST_TOMBSTONES)]);
      if (newest === undefined) return 0;
      let forgotten = 0;
      for (let more = true; more; ) {
        const gone = await database.write(() => forgetTombstones(Number(newest['removed_at'])));
        forgotten += gone;
        more = gone > 0;
      }
      return forgotten;
    },
    async removeDefinitions(before) {
      let removed = 0;
      for (let more = true; more; ) {
        const gone = await unlessRefused(() => changes(database, REMOVE_DEFINITIONS, before, MOST_ROWS));
        removed += gone ?? 0;
        more = gone === MOST_ROWS;
      }
      return removed;
    },
    removeExpiredResults: (now) => changes(database, EXPIRE_RESULTS, now),
    pin: async (run, { principal, at, reason }) =>
      (await changes(database, PIN, run, principal, at, reason)) > 0,
    unpin: async (run) => (await changes(database, UNPIN, run)) > 0,
    listPins: async () => (await read(LIST_PINS, [])).map(readPin),
    async hold(name, { workflow, principal, at, reason }) {
      await changes(database, HOLD, name, workflow, principal, at, reason);
    },
    release: async (name) => (await changes(database, RELEASE_HOLD, name)) > 0,
    listHolds: async () => (await read(LIST_HOLDS, [])).map(readHold),
    vacuum,
  };
}

function changes(database: Database, sql: string, ...parameters: readonly SqlValue[]): Promise<number> {
  return database.write(function* () {
    return (yield change(sql, ...parameters)).changes;
  });
}

/** A trigger or a foreign key of SQLite or PostgreSQL said no. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && /that nothing holds, is removed|foreign key constraint/i.test(error.message)
  );
}

/** Due ones that fit into one transaction; one that is larger stands alone. */
function* groupsOf(due: readonly Due[]): Generator<readonly Due[]> {
  let group: Due[] = [];
  let rows = 0;
  for (const one of due) {
    if (group.length > 0 && rows + one.rows > MOST_ROWS) {
      yield group;
      [group, rows] = [[], 0];
    }
    group.push(one);
    rows += one.rows;
  }
  if (group.length > 0) yield group;
}
