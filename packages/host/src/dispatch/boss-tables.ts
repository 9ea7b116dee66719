import type { PgBoss } from 'pg-boss';
import type { SharedStore } from '../ports/shared-journal.ts';
import { queueName } from './boss-job.ts';
import { type createDirectClaims, EAGER_VACUUM, HEARTBEAT_SECONDS } from './direct-claims.ts';
import type { createShardedJobs } from './sharded-jobs.ts';

export interface BossTables {
  readonly isOpen: boolean;
  /** Makes what is missing. A failure is not kept: the next call tries again. */
  open(): Promise<PgBoss>;
  /** Makes the queue of a class. */
  prepare(className: string): Promise<void>;
  /** Of a class that was prepared. */
  tableOf(className: string): string | undefined;
  close(): Promise<void>;
}

interface Options {
  readonly store: SharedStore;
  readonly schema: string;
  readonly direct: Pick<ReturnType<typeof createDirectClaims>, 'makeTable'>;
  readonly sharded: Pick<ReturnType<typeof createShardedJobs>, 'makeTables' | 'lastTable'>;
  readonly failed: (error: unknown) => void;
}

/** A claim that is lost is one more death, which the run counts; the queue itself never gives up. */
const RETRIES = 1_000_000;
const FOREVER_SECONDS = 10 * 365 * 24 * 3_600;

/** So long the tables may take to be made by another connection while ours holds the lock. */
const MAKING = '60s';

/**
 * The tables of pg-boss and those beside them, made when they are first needed.
 * Invariant: one process makes them while the others wait. pg-boss's own lock does not keep two from making one schema.
 */
export function openBossTables({ store, schema, direct, sharded, failed }: Options): BossTables {
  const ready = new Map<string, Promise<void>>();
  const tables = new Map<string, string>();
  let opening: Promise<PgBoss> | undefined;
  let opened = false;

  function open(): Promise<PgBoss> {
    opening ??= start().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  async function start(): Promise<PgBoss> {
    // The last table to be made: where it is, all are.
    const { rows } = await store.executeSql('SELECT to_regclass($1) AS made', [sharded.lastTable]);
    const boss = await (rows[0]?.made !== null ? startBoss() : makeTables());
    opened = true;
    return boss;
  }

  /** The invariant. */
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
      await sharded.makeTables();
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

  async function bossTable(boss: PgBoss, name: string): Promise<string> {
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
      await store.executeSql(`ALTER TABLE ${await bossTable(boss, name)} SET (${EAGER_VACUUM})`);
    }
    const table = await bossTable(boss, name);
    await store.executeSql(`INSERT INTO ${schema}.classes VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
      name,
      className,
    ]);
    tables.set(className, table);
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

  return {
    get isOpen() {
      return opened;
    },
    open,
    prepare,
    tableOf: (className) => tables.get(className),
    async close() {
      const boss = await opening?.catch(() => undefined);
      await boss?.stop({ graceful: false, close: false });
    },
  };
}
