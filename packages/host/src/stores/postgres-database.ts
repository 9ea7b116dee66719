import type { Answer, Database, Row, Script, SqlValue, Statement } from './database.ts';
import { migrate, missingMigrations } from './migrate.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { isFaultOfOneStatement, postgresFault } from './postgres-fault.ts';
import { type Client, prepared, type Sessions } from './postgres-sessions.ts';

const MOST_AT_ONCE = 500;

/** Advisory locks of Cadre: this number and the hash of what is locked. */
export const LOCKS = 0x63616472;

/** Makes the schema when it is not there, and brings its tables up to date. */
export async function openPostgresDatabase(sessions: Sessions, address: PostgresAddress): Promise<Database> {
  const store = { name: address.name, dialect: 'postgres' } as const;
  await sessions.reach();
  const missing = await runThrough(
    ({ sql, parameters }) => sessions.ask(onWire(sql), parameters),
    missingMigrations(store),
  );
  if (missing.length > 0) {
    await sessions.transactAgain(async (client) => {
      await takeTurn(client, address, 'migrations');
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${address.schema}`);
      // Looked at again: another process may have been first.
      await runThrough((statement) => askIn(client, statement), migrate(store));
    });
  }
  return createDatabase(sessions, address);
}

function createDatabase(sessions: Sessions, address: PostgresAddress): Database {
  const groups = new Map<string, <T>(script: () => Script<T>) => Promise<T>>();
  const groupOf = (turn: string) => {
    const group = groups.get(turn) ?? createWireGroup(sessions, address, turn);
    groups.set(turn, group);
    return group;
  };
  return {
    read: async (sql, parameters) =>
      (await sessions.ask(onWire(sql), parameters.map(storable))).rows as readonly Row[],
    write: (script, turn = '') => groupOf(turn)(script),
    close: () => sessions.close(),
  };
}

/** Everything as it is at this moment, however long it takes to read. Nothing can be written. */
export async function openPostgresSnapshot(sessions: Sessions): Promise<Database> {
  const client = await sessions.connect();
  // It keeps nobody waiting, and whoever copies it may take long between two questions.
  await client.query('SET idle_in_transaction_session_timeout = 0');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  return {
    read: async (sql, parameters) =>
      (await client.query(onWire(sql), [...parameters])).rows as readonly Row[],
    write: () => Promise.reject(new Error('bug: a snapshot is only read')),
    close: () => client.end(),
  };
}

interface Waiting {
  readonly script: () => Script<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/**
 * Group commit over a wire, with the invariants of `group-commit.ts`: what is asked for while one commit is under way shares
 * the next. Groups of one turn never overlap, in any process.
 */
function createWireGroup(
  sessions: Sessions,
  address: PostgresAddress,
  turn: string,
): <T>(script: () => Script<T>) => Promise<T> {
  const waiting: Waiting[] = [];
  let working = false;

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0, MOST_AT_ONCE);
      const results = await commit(group);
      group.forEach((one, index) => {
        const result = results[index];
        if (result?.ok === true) one.resolve(result.value as never);
        else one.reject(postgresFault(result?.error, address.name));
      });
    }
    working = false;
  }

  async function commit(group: readonly Waiting[]): Promise<readonly Result[]> {
    try {
      const values = await sessions.transact(async (client) => {
        if (turn !== '') await takeTurn(client, address, turn);
        const results: unknown[] = [];
        for (const one of group) {
          results.push(await runThrough((statement) => askIn(client, statement), one.script()));
        }
        return results;
      });
      return values.map((value) => ({ ok: true, value }) as const);
    } catch (error) {
      if (group.length === 1 || !isFaultOfOneStatement(error)) return group.map(() => ({ ok: false, error }));
      const alone: Result[] = [];
      for (const one of group) alone.push(...(await commit([one])));
      return alone;
    }
  }

  return (script) =>
    new Promise((resolve, reject) => {
      waiting.push({ script, resolve: resolve as (value: never) => void, reject });
      if (working) return;
      working = true;
      setImmediate(() => void work());
    });
}

/** Until the end of the transaction. */
export async function takeTurn(client: Client, { schema }: PostgresAddress, turn: string): Promise<void> {
  await client.query(
    prepared('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCKS, `${schema} ${turn}`]),
  );
}

async function askIn(client: Client, { sql, parameters }: Statement) {
  return client.query(prepared(onWire(sql), parameters.map(storable)));
}

async function runThrough<T>(
  ask: (statement: Statement) => Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>,
  script: Script<T>,
): Promise<T> {
  let step = script.next();
  while (step.done !== true) {
    const { rows, rowCount } = await ask(step.value);
    const answer: Answer = { rows: rows as Row[], changes: rowCount ?? 0 };
    step = script.next(answer);
  }
  return step.value;
}

const texts = new Map<string, string>();

/** `?1` is written `$1` here. */
function onWire(sql: string): string {
  const known = texts.get(sql) ?? sql.replaceAll(/\?(\d+)/g, '$$$1');
  texts.set(sql, known);
  return known;
}

/** PostgreSQL has no place for a NUL; JSON, where most texts stand, writes it as an escape. */
function storable(value: SqlValue): SqlValue {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
