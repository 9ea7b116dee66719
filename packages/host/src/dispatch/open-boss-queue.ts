import type { PgBoss } from 'pg-boss';
import type { Claim, Job, Work, WorkQueue } from '../ports/dispatch.ts';
import type { ShardedWork, TakenHere } from '../ports/sharded-work.ts';
import type { SharedStore, Writing } from '../ports/shared-journal.ts';
import { together } from '../ports/together.ts';
import type { Transaction } from '../ports/transaction.ts';
import { ageIn } from './aged-priority.ts';
import { type Fetched, queueName, toAttempt, toClaim, toInsertAt } from './boss-job.ts';
import { createBossLook } from './boss-look.ts';
import { openBossTables } from './boss-tables.ts';
import { createDirectClaims, parted } from './direct-claims.ts';
import { createShardedJobs, type PlacedJob } from './sharded-jobs.ts';

export interface BossQueueOptions {
  readonly store: SharedStore;
  /** Schema of the tables of pg-boss: beside the store's own, in the same database. */
  readonly schema: string;
  /** Classes with a limit over all processes: then the others hear of each place that becomes free. */
  readonly isLimited: (className: string) => boolean;
  /** Something went wrong in the background; it is tried again. */
  readonly failed: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Without fresh statistics PostgreSQL read whole tables: 2,300 jobs a second instead of 25,000 with 200,000 waiting. */
const ANALYZE_AFTER = 5_000;

/**
 * Work of many processes on pg-boss (https://timgit.github.io/pg-boss): a queue for each class, with a table of its own.
 * Called through `insert`, `fetch`, `touch` and `deleteJob` inside our own transactions, never through its loops.
 *
 * Invariants
 * 1. What is settled is deleted: the journal is the history, and what nobody keeps nobody has to clean up.
 * 2. A claim is settled and touched under its number, so that a process that lost it changes nothing.
 * 3. Jobs of a limited class are counted and taken under one lock: two processes never take the last place both. What was
 *    taken of what waits for one place is counted with the rest.
 * 4. The stored priority is aged: of two jobs the same goes first, whenever one asks.
 * 5. What its process claims as it hands it in (`direct-claims.ts`) enters a queue only with its first death; what waits for one
 *    place (`sharded-jobs.ts`) only when that is gone.
 */
export function openBossQueue({
  store,
  schema,
  isLimited,
  failed,
  now = Date.now,
}: BossQueueOptions): WorkQueue {
  const direct = createDirectClaims(store, schema);
  const sharded = createShardedJobs(store, schema);
  const tables = openBossTables({ store, schema, direct, sharded, failed });
  const { open, prepare, tableOf } = tables;
  let handedIn = 0;

  // Invariant 4.
  const toInsert = (job: Job) => toInsertAt(now(), job);

  /** Most work is direct, and needs nothing but one statement. */
  function write(transaction: Transaction, work: readonly Work[]): Writing {
    const [begun, handedIn] = parted(work.flatMap((each) => each.jobs ?? []));
    const [ended, over] = parted(work.flatMap((each) => each.settled ?? []));
    const frees = ended.some((claim) => isLimited(claim.class));
    if (!tables.isOpen || frees || handedIn.length + over.length > 0) {
      return { sent: false, lines: writeAll(transaction, { begun, handedIn, ended, over }) };
    }
    return { sent: true, lines: direct.write(transaction, begun, ended).then(() => NO_LINES) };
  }

  async function writeAll(
    transaction: Transaction,
    { begun, handedIn, ended, over }: Parted,
  ): Promise<readonly string[]> {
    const boss = await open();
    const placed = handedIn.filter((job): job is PlacedJob => job.place !== undefined);
    const jobs = groupBy(
      handedIn.filter((job) => job.place === undefined),
      (job) => job.class,
    );
    const settled = groupBy(over, (claim) => claim.class);
    const db = { db: transaction };
    // All of them awaited: they have to be over before the commit.
    await together(
      direct.write(transaction, begun, ended),
      sharded.write(transaction, placed),
      ...[...jobs].map(([className, some]) => boss.insert(queueName(className), some.map(toInsert), db)),
      ...[...settled].map(([className, some]) =>
        boss.deleteJob(queueName(className), some.map(toAttempt), db),
      ),
    );
    analyzeAfter(jobs);
    const freed = [...over, ...ended].map((claim) => claim.class).filter(isLimited);
    return [
      ...new Set([
        ...[...jobs.keys(), ...freed].map((className) => `work ${className}`),
        ...placed.map((job) => `placed ${job.place} ${job.class}`),
      ]),
    ];
  }

  /** Those whose process died wait for anybody, with one death; those whose place is gone as they are. */
  async function handInTheLost(boss: PgBoss): Promise<void> {
    await handInAgain(boss, await direct.listSilentClasses(), direct.takeSilent, 1);
    await handInAgain(boss, await sharded.listHomeless(), sharded.takeHomeless, 0);
  }

  async function handInAgain(
    boss: PgBoss,
    found: readonly string[],
    take: (transaction: Transaction) => Promise<readonly Job[]>,
    deaths: number,
  ): Promise<void> {
    if (found.length === 0) return;
    for (const className of found) await prepare(className);
    await store.transact(async (transaction) => {
      const jobs = await take(transaction);
      for (const [className, some] of groupBy(jobs, (job) => job.class)) {
        const name = queueName(className);
        await boss.insert(name, some.map(toInsert), { db: transaction });
        if (deaths === 0) continue;
        await transaction.executeSql(
          `UPDATE ${tableOf(className)} SET retry_count = $3 WHERE name = $1 AND id = ANY($2::uuid[])`,
          [name, some.map(({ id }) => id), deaths],
        );
      }
    });
  }

  function analyzeAfter(jobs: ReadonlyMap<string, readonly Job[]>): void {
    for (const [className, some] of jobs) {
      handedIn += some.length;
      const table = tableOf(className);
      if (handedIn < ANALYZE_AFTER || table === undefined) continue;
      handedIn = 0;
      store.executeSql(`ANALYZE ${table}`).catch(failed);
    }
  }

  async function take(className: string, most: number, everywhere?: number): Promise<readonly Claim[]> {
    await prepare(className);
    const boss = await open();
    const name = queueName(className);
    const toClaims = (fetched: readonly Fetched[]) => fetched.map((job) => toClaim(className, job));
    if (everywhere === undefined) {
      return toClaims(await boss.fetch(name, { batchSize: most }));
    }
    return store.transact(async (transaction) => {
      const room = Math.min(most, await countRoom(transaction, className, everywhere));
      return room <= 0 ? [] : toClaims(await boss.fetch(name, { batchSize: room, db: transaction }));
    });
  }

  /** Invariant 3: holds the lock until the end of the transaction. */
  async function countRoom(transaction: Transaction, className: string, everywhere: number): Promise<number> {
    const name = queueName(className);
    await transaction.executeSql('SELECT pg_advisory_xact_lock(hashtext($1))', [`${schema} ${name}`]);
    const { rows } = await transaction.executeSql(
      `SELECT (SELECT count(*) FROM ${tableOf(className)} WHERE name = $1 AND state = 'active')::int
        + (SELECT count(*) FROM ${schema}.direct WHERE class = $2)::int AS taken`,
      [name, className],
    );
    return everywhere - Number(rows[0]?.taken);
  }

  async function takePlaced(
    place: string,
    className: string,
    most: number,
    everywhere?: number,
  ): Promise<TakenHere> {
    await prepare(className);
    const toClaims = (jobs: readonly Job[]) =>
      jobs.map(({ id, data }): Claim => ({ id, class: className, deaths: 0, data, direct: true }));
    if (everywhere === undefined) {
      const claims = toClaims(await sharded.take(store, place, className, most));
      return { claims, more: claims.length >= most };
    }
    return store.transact(async (transaction) => {
      const room = Math.min(most, await countRoom(transaction, className, everywhere));
      const claims = room <= 0 ? [] : toClaims(await sharded.take(transaction, place, className, room));
      return { claims, more: (await sharded.countWaiting(transaction, place, className)) > 0 };
    });
  }

  /** In one statement for each class, fenced as everything that is done about a claim. */
  async function pass(claims: Parameters<ShardedWork['pass']>[0]): Promise<void> {
    for (const [className, some] of groupBy(claims, ({ claim }) => claim.class)) {
      await store.executeSql(
        `WITH passed AS (DELETE FROM ${tableOf(className)} WHERE name = $1 AND state = 'active'
            AND (id::text || ':' || retry_count) = ANY($2::text[]) RETURNING id, priority, data, expire_seconds)
          INSERT INTO ${schema}.placed (id, place, class, priority, expires_ms, run, data)
          SELECT id, wanted.place, $3, priority, expire_seconds * 1000::bigint, data->>'run', data::text
            FROM passed JOIN unnest($4::uuid[], $5::text[]) AS wanted (id, place) USING (id)
          ON CONFLICT (id) DO NOTHING`,
        [
          queueName(className),
          some.map(({ claim: { id, deaths } }) => `${id}:${deaths}`),
          className,
          some.map(({ claim }) => claim.id),
          some.map(({ place }) => place),
        ],
      );
    }
  }

  return {
    write,
    prepare,
    take,
    shards: {
      async enter(place) {
        await open();
        return sharded.enter(place);
      },
      async assign(shards) {
        await open();
        return sharded.assign(shards);
      },
      // Whoever only looks opens nothing that would have to be closed.
      list: sharded.list,
      take: takePlaced,
      pass,
      async leave(place) {
        const boss = await open();
        await sharded.forget(place);
        await handInAgain(boss, await sharded.listHomeless(), sharded.takeHomeless, 0);
      },
    },
    async touch(claims) {
      const boss = await open();
      const [ofDirect, fetched] = parted(claims);
      const held = new Set(await direct.touch(ofDirect));
      for (const [className, some] of groupBy(fetched, (claim) => claim.class)) {
        const answer = await boss.touch(queueName(className), some.map(toAttempt));
        for (const id of (answer as { readonly settled?: readonly string[] }).settled ?? []) held.add(id);
      }
      return held;
    },
    async withdraw(ids) {
      await open();
      const { rows } = await store.executeSql(
        `WITH placed AS (DELETE FROM ${schema}.placed WHERE id = ANY($1::uuid[]) RETURNING id),
          queued AS (DELETE FROM ${schema}.job WHERE name IN (SELECT queue FROM ${schema}.classes) AND id = ANY($1::uuid[])
            AND state < 'active' RETURNING id)
          SELECT id FROM placed UNION ALL SELECT id FROM queued`,
        [ids],
      );
      return rows.map(({ id }) => String(id));
    },
    async giveBack(claims) {
      const [ofDirect, fetched] = parted(claims);
      const found = [...new Set(ofDirect.map((claim) => claim.class))];
      await handInAgain(await open(), found, (transaction) => direct.takeBack(transaction, ofDirect), 0);
      for (const [className, some] of groupBy(fetched, (claim) => claim.class)) {
        await store.executeSql(
          `UPDATE ${tableOf(className)} SET state = 'created', started_on = NULL, heartbeat_on = NULL
            WHERE name = $1 AND state = 'active' AND (id::text || ':' || retry_count) = ANY($2::text[])`,
          [queueName(className), some.map(({ id, deaths }) => `${id}:${deaths}`)],
        );
      }
    },
    async reorder(jobs) {
      await open();
      await sharded.reorder(jobs);
      for (const [className, some] of groupBy(jobs, (job) => job.class)) {
        await prepare(className);
        await store.executeSql(
          `UPDATE ${tableOf(className)} AS job SET priority = moved.priority - ${ageIn('job.created_on')}
            FROM unnest($2::uuid[], $3::int[]) AS moved (id, priority)
            WHERE job.name = $1 AND job.id = moved.id AND job.state < 'active'`,
          [queueName(className), some.map(({ id }) => id), some.map(({ priority }) => priority)],
        );
      }
    },
    ...createBossLook({ store, schema, open, prepare, tableOf }),
    async supervise() {
      const boss = await open();
      await handInTheLost(boss);
      await boss.supervise();
    },
    close: tables.close,
  };
}

const NO_LINES: readonly string[] = [];

/** Work by what becomes of it: claimed as it is handed in, or for a queue. */
interface Parted {
  readonly begun: readonly Job[];
  readonly handedIn: readonly Job[];
  readonly ended: readonly Claim[];
  readonly over: readonly Claim[];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
