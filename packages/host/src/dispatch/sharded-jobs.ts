import type { Job } from '../ports/dispatch.ts';
import type { PlacedShard, Shard, ShardPlace } from '../ports/sharded-work.ts';
import type { SharedStore } from '../ports/shared-journal.ts';
import type { Transaction } from '../ports/transaction.ts';
import { bigintArray, textArray } from '../ports/wire-array.ts';
import { EAGER_VACUUM, HEARTBEAT_SECONDS } from './direct-claims.ts';
import { AS_JOB, toJob } from './job-row.ts';
import { leastOf } from './least-of.ts';

/** Idle a process says every 15 s that it is there. */
const ABSENT_SECONDS = 40;
const FORGET_PLACE_SECONDS = 60;
const FORGET_SHARD = "interval '1 hour'";
/** Using a shard is written down so seldom that a question is all that it costs. */
const NOTE_USE = "interval '5 minutes'";

/** A job that waits for one place. */
export type PlacedJob = Job & { readonly place: string };

/**
 * Where shards live, and the jobs that wait for their places.
 *
 * Invariants
 * 1. A shard of a class has one place: who gives it one holds the lock, and looks again.
 * 2. A job waits here or in the queue of its class or is claimed, and goes from one to the other in one transaction. What is
 *    taken from here becomes a direct claim, so that a death over it is noticed like any other.
 * 3. A place that says nothing while work waits for it is gone after the time of any heartbeat; what waits for a place that is
 *    not there is for anybody.
 */
export interface ShardedJobs {
  makeTables(): Promise<void>;
  /** Is there once all tables are. */
  readonly lastTable: string;
  write(transaction: Transaction, jobs: readonly PlacedJob[]): Promise<void>;
  enter(place: ShardPlace): Promise<readonly string[]>;
  assign(shards: readonly Shard[]): Promise<readonly (string | undefined)[]>;
  /** They are direct claims from then on. */
  take(transaction: Transaction, place: string, className: string, most: number): Promise<readonly Job[]>;
  countWaiting(transaction: Transaction, place: string, className: string): Promise<number>;
  list(most: number): Promise<readonly PlacedShard[]>;
  forget(place: string): Promise<void>;
  /** Forgets places that are gone; answers of which classes there are jobs whose place is. */
  listHomeless(): Promise<readonly string[]>;
  /** Removes those jobs; the answer is what was to be done. */
  takeHomeless(transaction: Transaction): Promise<readonly Job[]>;
  reorder(jobs: readonly Pick<Job, 'id' | 'priority'>[]): Promise<void>;
}

interface Lives {
  readonly n: number;
  readonly place: string;
  readonly stale: boolean;
}

export function createShardedJobs(store: SharedStore, schema: string): ShardedJobs {
  const does = (className: string) => `places.rooms ?| ARRAY[${className}, '*']`;

  const MAKE = `CREATE TABLE IF NOT EXISTS ${schema}.places (
      place TEXT PRIMARY KEY, rooms JSONB NOT NULL, beat_on TIMESTAMPTZ NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS ${schema}.shards (
      class TEXT NOT NULL, shard TEXT NOT NULL, place TEXT NOT NULL, used_on TIMESTAMPTZ NOT NULL DEFAULT now(),
      PRIMARY KEY (class, shard)
    );
    CREATE INDEX IF NOT EXISTS shards_by_place ON ${schema}.shards (class, place);
    CREATE TABLE IF NOT EXISTS ${schema}.placed (
      id UUID PRIMARY KEY, place TEXT NOT NULL, class TEXT NOT NULL, priority INTEGER NOT NULL, expires_ms BIGINT NOT NULL,
      run TEXT NOT NULL, data TEXT NOT NULL, created_on TIMESTAMPTZ NOT NULL DEFAULT now()
    ) WITH (${EAGER_VACUUM});
    CREATE INDEX IF NOT EXISTS placed_in_order ON ${schema}.placed (place, class, priority DESC, created_on)`;

  const FIND = `SELECT wanted.n::int AS n, shards.place, shards.used_on < now() - ${NOTE_USE} AS stale
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (class, shard, n)
    JOIN ${schema}.shards AS shards ON shards.class = wanted.class AND shards.shard = wanted.shard
    JOIN ${schema}.places AS places ON places.place = shards.place AND ${does('wanted.class')}
    WHERE shards.used_on > now() - ${FORGET_SHARD}`;

  const FILLED = `SELECT wanted.class, places.place, coalesce(places.rooms->wanted.class, places.rooms->'*')::int AS room,
      (SELECT count(*)::int FROM ${schema}.shards AS shards
        WHERE shards.class = wanted.class AND shards.place = places.place) AS shards
    FROM ${schema}.places AS places, unnest($1::text[]) AS wanted (class)
    WHERE ${does('wanted.class')} AND places.beat_on > now() - interval '${ABSENT_SECONDS} seconds' ORDER BY places.place`;

  const PUT = `INSERT INTO ${schema}.shards (class, shard, place)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT (class, shard) DO UPDATE SET place = excluded.place, used_on = now()`;

  const homeless = `NOT EXISTS (SELECT FROM ${schema}.places AS places WHERE places.place = placed.place)`;

  async function find(asked: Transaction, shards: readonly Shard[]): Promise<ReadonlyMap<number, Lives>> {
    const { rows } = await asked.executeSql(FIND, [classesOf(shards), namesOf(shards)]);
    return new Map(rows.map((row) => [Number(row.n) - 1, row as Lives]));
  }

  /** Invariant 1. */
  function giveThem(shards: readonly Shard[]): Promise<readonly (string | undefined)[]> {
    return store.transact(async (transaction) => {
      await transaction.executeSql('SELECT pg_advisory_xact_lock(hashtext($1))', [`${schema} shards`]);
      // Only with a new one do they become more.
      await transaction.executeSql(`DELETE FROM ${schema}.shards WHERE used_on < now() - ${FORGET_SHARD}`);
      const known = await find(transaction, shards);
      const { rows } = await transaction.executeSql(FILLED, [[...new Set(classesOf(shards))]]);
      const given = leastOf(
        rows.map(({ class: className, place, room, shards: has }) => ({
          class: String(className),
          place: String(place),
          room: Number(room),
          shards: Number(has),
        })),
      );
      const places = new Map<string, string | undefined>();
      const all = shards.map((shard, index) => {
        const key = JSON.stringify(shard);
        const place = known.get(index)?.place ?? places.get(key) ?? given(shard.class);
        places.set(key, place);
        return { ...shard, place };
      });
      // Each once: one statement may not write a row twice.
      const found = [
        ...new Map(all.map((each) => [JSON.stringify([each.class, each.shard]), each])).values(),
      ];
      const put = found.flatMap(({ place, ...shard }) => (place === undefined ? [] : [{ ...shard, place }]));
      if (put.length > 0) {
        await transaction.executeSql(PUT, [classesOf(put), namesOf(put), put.map(({ place }) => place)]);
      }
      return all.map(({ place }) => place);
    });
  }

  const lastTable = `${schema}.placed_in_order`;

  return {
    lastTable,
    async makeTables() {
      for (const statement of MAKE.split(';')) await store.executeSql(statement);
    },
    async write(transaction, jobs) {
      if (jobs.length === 0) return;
      await transaction.executeSql(
        `INSERT INTO ${schema}.placed (id, place, class, priority, expires_ms, run, data)
        SELECT id::uuid, place, class, priority, expires_ms, run, data
          FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
            AS new (id, place, class, priority, expires_ms, run, data)
        ON CONFLICT (id) DO NOTHING`,
        [
          textArray(jobs.map(({ id }) => id)),
          textArray(jobs.map(({ place }) => place)),
          textArray(jobs.map((job) => job.class)),
          bigintArray(jobs.map(({ priority }) => priority)),
          bigintArray(jobs.map(({ expiresMs }) => expiresMs)),
          textArray(jobs.map(({ data }) => String(data['run']))),
          textArray(jobs.map(({ data }) => JSON.stringify(data))),
        ],
      );
    },
    async enter({ id, rooms }) {
      const { rows } = await store.executeSql(
        `INSERT INTO ${schema}.places (place, rooms) VALUES ($1, $2)
          ON CONFLICT (place) DO UPDATE SET beat_on = now()
          RETURNING ARRAY(SELECT DISTINCT class FROM ${schema}.placed WHERE place = $1) AS waiting`,
        [id, JSON.stringify(rooms)],
      );
      return (rows[0]?.waiting as readonly string[] | undefined) ?? [];
    },
    async assign(shards) {
      const known = await find(store, shards);
      if (shards.some((_, index) => !known.has(index))) return giveThem(shards);
      const stale = shards.filter((_, index) => known.get(index)?.stale === true);
      if (stale.length > 0) {
        await store.executeSql(
          `UPDATE ${schema}.shards AS shards SET used_on = now() FROM unnest($1::text[], $2::text[]) AS used (class, shard)
            WHERE shards.class = used.class AND shards.shard = used.shard`,
          [classesOf(stale), namesOf(stale)],
        );
      }
      return shards.map((_, index) => known.get(index)?.place);
    },
    async take(transaction, place, className, most) {
      const { rows } = await transaction.executeSql(
        `WITH taken AS (DELETE FROM ${schema}.placed WHERE id IN (
            SELECT id FROM ${schema}.placed WHERE place = $1 AND class = $2
              ORDER BY priority DESC, created_on LIMIT $3 FOR UPDATE SKIP LOCKED)
          RETURNING id, class, priority, expires_ms, run, data)
        INSERT INTO ${schema}.direct (id, class, priority, expires_ms, run, data) SELECT * FROM taken
          ON CONFLICT (id) DO NOTHING RETURNING ${AS_JOB}`,
        [place, className, most],
      );
      return rows.map(toJob);
    },
    async countWaiting(transaction, place, className) {
      const { rows } = await transaction.executeSql(
        `SELECT count(*)::int AS waiting FROM ${schema}.placed WHERE place = $1 AND class = $2`,
        [place, className],
      );
      return Number(rows[0]?.waiting);
    },
    async list(most) {
      const made = await store.executeSql('SELECT to_regclass($1) AS made', [lastTable]);
      if (made.rows[0]?.made === null) return [];
      const { rows } = await store.executeSql(
        `SELECT class, shard, place FROM ${schema}.shards JOIN ${schema}.places USING (place)
          WHERE used_on > now() - ${FORGET_SHARD} ORDER BY class, shard LIMIT $1`,
        [most],
      );
      return rows as readonly PlacedShard[];
    },
    async forget(place) {
      await store.executeSql(`DELETE FROM ${schema}.places WHERE place = $1`, [place]);
    },
    async listHomeless() {
      // Invariant 3.
      const silent = (seconds: number) => `places.beat_on < now() - interval '${seconds} seconds'`;
      await store.executeSql(
        `DELETE FROM ${schema}.places AS places WHERE ${silent(FORGET_PLACE_SECONDS)} OR (${silent(HEARTBEAT_SECONDS)}
          AND EXISTS (SELECT FROM ${schema}.placed AS placed WHERE placed.place = places.place
            AND placed.created_on < now() - interval '${HEARTBEAT_SECONDS} seconds'))`,
      );
      const { rows } = await store.executeSql(
        `SELECT DISTINCT class FROM ${schema}.placed AS placed WHERE ${homeless}`,
      );
      return rows.map((row) => String(row.class));
    },
    async takeHomeless(transaction) {
      const { rows } = await transaction.executeSql(
        `DELETE FROM ${schema}.placed WHERE id IN (SELECT id FROM ${schema}.placed AS placed WHERE ${homeless}
            FOR UPDATE SKIP LOCKED) RETURNING ${AS_JOB}`,
      );
      return rows.map(toJob);
    },
    async reorder(jobs) {
      await store.executeSql(
        `UPDATE ${schema}.placed AS placed SET priority = moved.priority
          FROM unnest($1::uuid[], $2::int[]) AS moved (id, priority) WHERE placed.id = moved.id`,
        [jobs.map(({ id }) => id), jobs.map(({ priority }) => priority)],
      );
    },
  };
}

const classesOf = (shards: readonly Shard[]) => shards.map((each) => each.class);

/** PostgreSQL keeps no NUL in a text. */
const namesOf = (shards: readonly Shard[]) => shards.map(({ shard }) => shard.replaceAll('\0', '\uFFFD'));
