import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { together } from '../ports/together.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { isCollision, isConnectionLost, postgresFault } from './postgres-fault.ts';

export type Client = Pick<pg.ClientBase, 'query'>;

export interface Sessions {
  /** Whether there is a server at all: somebody who mistyped an address does not wait as long as one who knew it worked. */
  reach(): Promise<void>;
  /** One statement outside of any transaction, asked again when the connection was lost. */
  ask(text: string, values: readonly unknown[]): Promise<pg.QueryResult>;
  /** The same, for texts that are made anew each time, or hold many statements. */
  askAsIs(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** The work may be done again: when the connection was lost before its commit, or another transaction was in its way. */
  transact<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** The same for work that has sent all its statements when it answers: the commit is sent after them, and waits with them. */
  transactSending<T>(work: (client: Client) => Promise<Sending<T>>): Promise<T>;
  /** For what makes the tables: it finds what it has done, so that it may be done again also after its commit. */
  transactAgain<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** A connection of its own, for LISTEN. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** Two for appends, one each for scripts, reads and jobs, and some to spare: a server has 100 by default. */
const MOST_CONNECTIONS = 10;
const CONNECT_MS = 5_000;

const REACH_MS = 3_000;

/** A restart of the server takes seconds; whoever waits longer wants to be told. */
export const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * What the server does about a client that it hears nothing of, cut off or stopped: in a transaction it would keep its locks, and
 * everybody else from going on with those runs. Shorter than the time after which its claims are given to others.
 */
const SILENCE = {
  idle_in_transaction_session_timeout: '8s',
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 3,
  tcp_keepalives_count: 3,
  tcp_user_timeout: '20s',
};
/** The same from this side: a connection on which nobody speaks is asked about after this time. */
const KEEP_ALIVE_MS = 10_000;

const SIGN = `INSERT INTO transactions (connection, number) VALUES ($1, $2)
  ON CONFLICT (connection) DO UPDATE SET number = excluded.number, at = excluded.at`;
/** Of connections that are gone. Nobody asks so late. */
const FORGET_OLD = `DELETE FROM transactions WHERE connection IN (
  SELECT connection FROM transactions WHERE at < now() - interval '1 hour' FOR UPDATE SKIP LOCKED)`;
/** Writing to the row waits for whoever is writing it. Asked again, it answers the same. */
const LAST_KEPT = `INSERT INTO transactions (connection, number) VALUES ($1, 0)
  ON CONFLICT (connection) DO UPDATE SET number = transactions.number RETURNING number`;

/** Counters, keys and times fit into a number of JavaScript. */
const INT8 = 20;

export interface Sending<T> {
  readonly value: T;
  /** The answers to what was sent and not waited for. */
  readonly last: Promise<unknown>;
}

/** A transaction of ours, as the row of its connection names it. */
interface Signature {
  readonly connection: string;
  readonly number: number;
}

/**
 * The connections of one process.
 *
 * Invariants
 * 1. A transaction whose commit was asked for and not answered is looked up by a row that it wrote, and never done twice. Not
 *    by the number that PostgreSQL gave it, which a server that crashed gives again to another one.
 * 2. What was lost before its commit left nothing, and is done again for as long as the patience lasts.
 * 3. An idle connection that breaks harms nobody.
 * 4. A transaction of which nothing is heard is ended by the server before anybody else is given its work.
 */
export function openSessions(address: PostgresAddress, patienceMs = PATIENCE_MS): Sessions {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, Number);
  const config: pg.ClientConfig = {
    connectionString: address.url,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'cadre',
    options: Object.entries({ search_path: address.schema, ...SILENCE })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Statements that do not need each other's answers are sent at once: each answer waited for costs a turn of two processes.
    pipeline: true,
    types,
  };
  const pool = new pg.Pool({ ...config, max: MOST_CONNECTIONS, allowExitOnIdle: true });
  // Invariant 3.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));

  async function withPatience<T>(attempt: () => Promise<T>, patience = patienceMs): Promise<T> {
    const until = Date.now() + patience;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        const passing = isConnectionLost(error) || isCollision(error);
        if (!passing || Date.now() + pause > until) throw postgresFault(error, address.name);
        await wait(pause);
      }
    }
  }

  const signatures = new WeakMap<Client, Signature>();

  /** Says in the row of its connection which transaction this is, so that it can be looked up. */
  async function sign(client: Client): Promise<Signature> {
    const last = signatures.get(client);
    const next = { connection: last?.connection ?? randomUUID(), number: (last?.number ?? 0) + 1 };
    signatures.set(client, next);
    await together(
      ...(last === undefined ? [client.query(prepared(FORGET_OLD, []))] : []),
      client.query(prepared(SIGN, [next.connection, next.number])),
    );
    return next;
  }

  async function once<T>(work: (client: Client) => Promise<Sending<T>>, signs: boolean): Promise<T> {
    const client = await pool.connect();
    let done: { readonly value: T; readonly signature: Signature | undefined } | undefined;
    try {
      const begun = together(client.query('BEGIN'), signs ? sign(client) : Promise.resolve(undefined));
      const sending = work(client).then((sent) => {
        // Should the beginning have failed, nobody asks any more.
        sent.last.catch(() => undefined);
        return sent;
      });
      const [{ value, last }, [, signature]] = await together(sending, begun);
      done = { value, signature };
      // After a statement that failed the server answers a commit by rolling back.
      const [, { command }] = await together(last, client.query('COMMIT'));
      if (command !== 'COMMIT') throw new Error('bug: a transaction went on after a statement had failed');
      client.release();
      return done.value;
    } catch (error) {
      const lost = isConnectionLost(error);
      if (!lost) await client.query('ROLLBACK').catch(() => undefined);
      client.release(lost);
      if (lost && done?.signature !== undefined && (await wasKept(done.signature))) return done.value;
      throw error;
    }
  }

  /** Invariant 1. Waits for a transaction that is still under way; one that has not come so far never will. */
  async function wasKept({ connection, number }: Signature): Promise<boolean> {
    const { rows } = await withPatience(() => pool.query(prepared(LAST_KEPT, [connection])));
    return rows[0]?.number === number;
  }

  return {
    reach: async () => {
      await withPatience(() => pool.query('SELECT 1'), Math.min(patienceMs, REACH_MS));
    },
    ask: (text, values) => withPatience(() => pool.query(prepared(text, values))),
    askAsIs: (text, values) => withPatience(() => pool.query(text, values)),
    transact: (work) => withPatience(() => once(waitingFor(work), true)),
    transactSending: (work) => withPatience(() => once(work, true)),
    transactAgain: (work) => withPatience(() => once(waitingFor(work), false)),
    async connect() {
      const client = new pg.Client(config);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}

const NOTHING_SENT = Promise.resolve();

function waitingFor<T>(work: (client: Client) => Promise<T>) {
  return async (client: Client): Promise<Sending<T>> => ({ value: await work(client), last: NOTHING_SENT });
}

const names = new Map<string, string>();

/** Each text is planned once for each connection. */
export function prepared(text: string, values: readonly unknown[]): pg.QueryConfig {
  const known = names.get(text) ?? `c${names.size}`;
  names.set(text, known);
  return { name: known, text, values: values as unknown[] };
}
