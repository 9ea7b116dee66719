import { createHash } from 'node:crypto';
import type { JsonObject } from '@cadre/sdk';
import type { PgBoss } from 'pg-boss';
import type { Claim, Job, Work, WorkQueue } from '../ports/dispatch.ts';
import type { SharedStore, Writing } from '../ports/shared-journal.ts';
import { together } from '../ports/together.ts';
import type { Transaction } from '../ports/transaction.ts';
import { agedPriority, ageIn } from './aged-priority.ts';
import { createDirectClaims, EAGER_VACUUM, HEARTBEAT_SECONDS, parted } from './direct-claims.ts';

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

/** A claim that is lost is one more death, which the run counts; the queue itself never gives up. */
const RETRIES = 1_000_000;
const FOREVER_SECONDS = 10 * 365 * 24 * 3_600;

/** Without fresh statistics PostgreSQL read whole tables: 2,300 jobs a second instead of 25,000 with 200,000 waiting. */
const ANALYZE_AFTER = 5_000;

/** So long the tables may take to be made by another connection while ours holds the lock. */
const MAKING = '60s';

/** Names of queues are letters, digits, `_`, `-` and `.`. */
const PLAIN = /^[A-Za-z0-9_-]{1,40}$/;

/**
 * Work of many processes on pg-boss (https://timgit.github.io/pg-boss): a queue for each class, with a table of its own.
 * Called through `insert`, `fetch`, `touch` and `deleteJob` inside our own transactions, never through its loops.
 *
 * Invariants
 * 1. What is settled is deleted: the journal is the history, and what nobody keeps nobody has to clean up.
 * 2. A claim is settled and touched under its number, so that a process that lost it changes nothing.
 * 3. Jobs of a limited class are counted and taken under one lock: two processes never take the last place both.
 * 4. One process makes the tables while the others wait: pg-boss's own lock does not keep two from making one schema.
 * 5. The stored priority is aged: of two jobs the same goes first, whenever one asks.
 * 6. What its process claims as it hands it in (`direct-claims.ts`) enters a queue only with its first death.
 */
export function openBossQueue({
  store,
  schema,
  isLimited,
  failed,
  now = Date.now,
}: BossQueueOptions): WorkQueue {
  const ready = new Map<string, Promise<void>>();
  const classes = new Map<string, string>();
  const direct = createDirectClaims(store, schema);
  let opening: Promise<PgBoss> | undefined;
  let opened = false;
  let handedIn = 0;

  // Invariant 5.
  const toInsert = ({ id, priority, data, expiresMs }: Job) => ({
    id,
    priority: agedPriority(priority, now()),
    data,
    expireInSeconds: Math.ceil(expiresMs / 1_000),
  });

  function open(): Promise<PgBoss> {
    opening ??= start().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  async function start(): Promise<PgBoss> {
    // The last table to be made: where it is, all are.
    const { rows } = await store.executeSql('SELECT to_regclass($1) AS made', [`${schema}.direct`]);
    const boss = await (rows[0]?.made !== null ? startBoss() : makeTables());
    opened = true;
    return boss;
  }

  /** Invariant 4. */
  function makeTables(): Promise<PgBoss> {
    return store.transact(async (transaction) => {
      await transaction.executeSql(`SET LOCAL idle_in_transaction_session_timeout = '${MAKING}'`);
      await transaction.executeSql('SELECT pg_advisory_xact_lock(hashtext($1))', [`${schema} classes`]);
      const boss = await startBoss();
      // pg-boss knows queues by name; which class each is for stands beside it. Not in this transaction: it began before the
      // schema was there, and PostgreSQL remembers what is not there for as long as that.
      await store.executeSql(
        `CREATE TABLE IF NOT EXISTS ${schema}.classes (queue TEXT PRIMARY KEY, class TEXT NOT NULL)`,
      );
      await direct.makeTable();
      return boss;
    });
  }

  async function startBoss(): Promise<PgBoss> {
    // Loaded when there is something to share: a start on SQLite never pays for it.
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({
      db: { executeSql: (text, values) => store.executeSql(text, values) },
      schema,
      supervise: false,
      schedule: false,
      monitorIntervalSeconds: 1,
      superviseIntervalSeconds: 2,
    });
    boss.on('error', failed);
    await boss.start();
    return boss;
  }

  async function tableOf(boss: PgBoss, name: string): Promise<string> {
    return `${schema}.${String((await boss.getQueue(name))?.table)}`;
  }

  async function makeQueue(className: string): Promise<void> {
    const boss = await open();
    const name = queueName(className);
    if ((await boss.getQueue(name)) === null) {
      await boss.createQueue(name, {
        partition: true,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        retryLimit: RETRIES,
        retryDelay: 0,
        retentionSeconds: FOREVER_SECONDS,
      });
      await store.executeSql(`ALTER TABLE ${await tableOf(boss, name)} SET (${EAGER_VACUUM})`);
    }
    const table = await tableOf(boss, name);
    await store.executeSql(`INSERT INTO ${schema}.classes VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
      name,
      className,
    ]);
    classes.set(className, table);
  }

  function prepare(className: string): Promise<void> {
    const preparing =
      ready.get(className) ??
      makeQueue(className).catch((error: unknown) => {
        ready.delete(className);
        throw error;
      });
    ready.set(className, preparing);
    return preparing;
  }

  /** Most work is direct, and needs nothing but one statement. */
  function write(transaction: Transaction, work: readonly Work[]): Writing {
    const [begun, handedIn] = parted(work.flatMap((each) => each.jobs ?? []));
    const [ended, over] = parted(work.flatMap((each) => each.settled ?? []));
    if (!opened || handedIn.length + over.length > 0) {
      return { sent: false, lines: writeAll(transaction, { begun, handedIn, ended, over }) };
    }
    return { sent: true, lines: direct.write(transaction, begun, ended).then(() => NO_LINES) };
  }

  async function writeAll(
    transaction: Transaction,
    { begun, handedIn, ended, over }: Parted,
  ): Promise<readonly string[]> {
    const boss = await open();
    const jobs = groupBy(handedIn, (job) => job.class);
    const settled = groupBy(over, (claim) => claim.class);
    const db = { db: transaction };
    // All of them awaited: they have to be over before the commit.
    await together(
      direct.write(transaction, begun, ended),
      ...[...jobs].map(([className, some]) => boss.insert(queueName(className), some.map(toInsert), db)),
      ...[...settled].map(([className, some]) =>
        boss.deleteJob(queueName(className), some.map(toAttempt), db),
      ),
    );
    analyzeAfter(jobs);
    const freed = [...settled.keys()].filter(isLimited);
    return [...new Set([...jobs.keys(), ...freed])].map((className) => `work ${className}`);
  }

  /** Those whose process died wait for anybody, with one death. */
  async function handInTheDead(boss: PgBoss): Promise<void> {
    const found = await direct.listSilentClasses();
    if (found.length === 0) return;
    for (const className of found) await prepare(className);
    await store.transact(async (transaction) => {
      const dead = await direct.takeSilent(transaction);
      for (const [className, some] of groupBy(dead, (job) => job.class)) {
        const name = queueName(className);
        await boss.insert(name, some.map(toInsert), { db: transaction });
        await transaction.executeSql(
          `UPDATE ${classes.get(className)} SET retry_count = 1 WHERE name = $1 AND id = ANY($2::uuid[])`,
          [name, some.map(({ id }) => id)],
        );
      }
    });
  }

  function analyzeAfter(jobs: ReadonlyMap<string, readonly Job[]>): void {
    for (const [className, some] of jobs) {
      handedIn += some.length;
      const table = classes.get(className);
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
    // Invariant 3.
    return store.transact(async (transaction) => {
      await transaction.executeSql('SELECT pg_advisory_xact_lock(hashtext($1))', [`${schema} ${name}`]);
      const { rows } = await transaction.executeSql(
        `SELECT count(*)::int AS taken FROM ${classes.get(className)} WHERE name = $1 AND state = 'active'`,
        [name],
      );
      const room = Math.min(most, everywhere - Number(rows[0]?.taken));
      if (room <= 0) return [];
      return toClaims(await boss.fetch(name, { batchSize: room, db: transaction }));
    });
  }

  return {
    write,
    prepare,
    take,
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
        `DELETE FROM ${schema}.job WHERE name IN (SELECT queue FROM ${schema}.classes) AND id = ANY($1::uuid[])
          AND state < 'active' RETURNING id`,
        [ids],
      );
      return rows.map(({ id }) => String(id));
    },
    async giveBack(claims) {
      for (const [className, some] of groupBy(claims, (claim) => claim.class)) {
        await store.executeSql(
          `UPDATE ${classes.get(className)} SET state = 'created', started_on = NULL, heartbeat_on = NULL
            WHERE name = $1 AND state = 'active' AND (id::text || ':' || retry_count) = ANY($2::text[])`,
          [queueName(className), some.map(({ id, deaths }) => `${id}:${deaths}`)],
        );
      }
    },
    async listClasses() {
      await open();
      const { rows } = await store.executeSql(`SELECT class FROM ${schema}.classes ORDER BY class`);
      return rows.map((row) => String(row.class));
    },
    async isEmpty() {
      await open();
      const { rows } = await store.executeSql(
        `(SELECT 1 FROM ${schema}.job WHERE name IN (SELECT queue FROM ${schema}.classes) AND state < 'completed' LIMIT 1)
          UNION ALL (SELECT 1 FROM ${schema}.direct LIMIT 1)`,
      );
      return rows.length === 0;
    },
    async listRuns() {
      await open();
      const { rows } = await store.executeSql(
        `SELECT data->>'run' AS run FROM ${schema}.job WHERE state < 'completed' UNION SELECT run FROM ${schema}.direct`,
      );
      return new Set(rows.map(({ run }) => String(run)));
    },
    async listJobs(run) {
      await open();
      const { rows } = await store.executeSql(
        `SELECT id, priority, class, taken, assignment->'command'->>'step' AS step FROM (
            SELECT job.id, priority + ${ageIn('created_on')} AS priority, class, state = 'active' AS taken, (data->>'assignment')::json AS assignment
              FROM ${schema}.job AS job JOIN ${schema}.classes AS classes ON classes.queue = job.name
              WHERE data->>'run' = $1 AND state < 'completed'
            UNION ALL SELECT id, 0, class, true, (data::json->>'assignment')::json FROM ${schema}.direct WHERE run = $1
          ) AS jobs WHERE assignment->>'task' = 'perform' ORDER BY id`,
        [run],
      );
      return rows.map(({ id, priority, class: name, taken, step }) => ({
        id: String(id),
        priority: Number(priority),
        class: String(name),
        taken: taken === true,
        step: String(step),
      }));
    },
    async reorder(jobs) {
      await open();
      for (const [className, some] of groupBy(jobs, (job) => job.class)) {
        await prepare(className);
        await store.executeSql(
          `UPDATE ${classes.get(className)} AS job SET priority = moved.priority - ${ageIn('job.created_on')}
            FROM unnest($2::uuid[], $3::int[]) AS moved (id, priority)
            WHERE job.name = $1 AND job.id = moved.id AND job.state < 'active'`,
          [queueName(className), some.map(({ id }) => id), some.map(({ priority }) => priority)],
        );
      }
    },
    async countAhead({ id, class: className }, most) {
      await prepare(className);
      // In the order in which pg-boss fetches.
      const { rows } = await store.executeSql(
        `SELECT count(*)::int AS ahead FROM (SELECT 1 FROM ${classes.get(className)} AS job,
          (SELECT priority, created_on FROM ${classes.get(className)} WHERE name = $1 AND id = $2) AS mine
          WHERE job.name = $1 AND job.state < 'active' AND (job.priority > mine.priority
            OR (job.priority = mine.priority AND job.created_on < mine.created_on)) LIMIT $3) AS before`,
        [queueName(className), id, most],
      );
      return Number(rows[0]?.ahead);
    },
    async waiting() {
      await open();
      const found = await store.executeSql(
        `SELECT classes.class, classes.queue, count(job.id)::int AS waiting,
            extract(epoch FROM min(job.created_on)) * 1000 AS oldest
          FROM ${schema}.classes AS classes LEFT JOIN ${schema}.job AS job
            ON job.name = classes.queue AND job.state < 'active' GROUP BY 1, 2 ORDER BY 1`,
      );
      return found.rows.map(({ class: name, waiting, oldest }) => ({
        class: String(name),
        waiting: Number(waiting),
        ...(oldest === null ? {} : { oldest: Math.round(Number(oldest)) }),
      }));
    },
    async supervise() {
      const boss = await open();
      await handInTheDead(boss);
      await boss.supervise();
    },
    async close() {
      const boss = await opening?.catch(() => undefined);
      await boss?.stop({ graceful: false, close: false });
    },
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

interface Fetched {
  readonly id: string;
  readonly data: JsonObject;
  readonly retryCount: number;
}

/** `retryCount` is among the few columns that are read when no more are asked for. */
function toClaim(className: string, { id, data, retryCount }: Fetched): Claim {
  return { id, class: className, deaths: retryCount, data };
}

/** Invariant 2. */
function toAttempt({ id, deaths }: Claim) {
  return { id, retryCount: deaths };
}

function queueName(className: string): string {
  if (PLAIN.test(className)) return className;
  return `class.${createHash('sha256').update(className).digest('hex').slice(0, 32)}`;
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
