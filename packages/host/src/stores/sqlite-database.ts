import { statSync } from 'node:fs';
import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Answer, change, type Database, query, type Row, type Statement } from './database.ts';
import { type Connection, createGroupCommit, run } from './group-commit.ts';
import { storeFault } from './sqlite-fault.ts';
import { currentSeal, isSealed, seal } from './sqlite-seal.ts';

const MEMORY = ':memory:';

/**
 * How long a write waits for another process to finish its own. Writes take milliseconds; only a process that was
 * stopped in the middle of one takes longer.
 */
const BUSY_MS = 5_000;

/**
 * WAL: readers never wait, and a killed process loses nothing that was committed. FULL: neither does a machine without
 * power; with group commit it costs no throughput that could be measured. Other sizes of the log and of the cache than
 * SQLite's own made no difference either. INCREMENTAL: a file that is made anew can give back what was removed from it
 * bit by bit, where VACUUM would keep everybody from writing for seconds; it has to be said before the first table.
 */
const PRAGMAS = `
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
`;

/** Opens the file, makes it when it is not there, and brings its tables up to date. */
export async function openSqliteDatabase(path: string): Promise<Database> {
  try {
    if (path !== MEMORY) await makePrivate(path);
    return createDatabase(await connectAnew(path), path);
  } catch (error) {
    throw storeFault(error, path);
  }
}

/** Everything that runs, asks or is granted stands in it: nobody else may read it. SQLite gives its companions the same mode. */
async function makePrivate(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  await file.close();
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
}

/** A store that was replaced (by `cadre data restore`) while this process waited to open it is opened anew. */
async function connectAnew(path: string): Promise<DatabaseSync> {
  for (;;) {
    const before = fileNumber(path);
    const database = await connect(path);
    if (fileNumber(path) === before) return database;
    database.close();
  }
}

function fileNumber(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

async function connect(path: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    database.exec(PRAGMAS);
    await bringUpToDate(createConnection(database), path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function bringUpToDate(connection: Connection, name: string): Promise<void> {
  const store = { name, dialect: 'sqlite' } as const;
  const wanted = await currentSeal();
  if (run(connection, isSealed(wanted))) return;
  const { migrate } = await import('./migrate.ts');
  connection.begin();
  try {
    // Looked at again: another process may have been first.
    run(connection, migrate(store));
    run(connection, seal(wanted));
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function createDatabase(database: DatabaseSync, path: string): Database {
  const connection = createConnection(database);
  const group = createGroupCommit(connection, (error) => storeFault(error, path));
  return {
    // Asynchronous, so that a fault rejects and does not throw.
    read: async (sql, parameters) => {
      try {
        return connection.run(query(sql, ...parameters)).rows;
      } catch (error) {
        throw storeFault(error, path);
      }
    },
    // Every commit of any process goes through the write-ahead log.
    stamp() {
      const log =
        path === MEMORY ? undefined : statSync(`${path}-wal`, { bigint: true, throwIfNoEntry: false });
      return log === undefined ? undefined : `${log.ino} ${log.size} ${log.mtimeNs}`;
    },
    // SQLite has one writer, so everything takes turns anyway.
    write: (script) => group.write(script),
    async close() {
      group.flush();
      database.close();
    },
  };
}

const NO_ROWS: readonly Row[] = [];

function createConnection(database: DatabaseSync): Connection {
  // As many as there are different texts in sql/, and some for lists of different lengths.
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const answer = ({ sql, parameters, rows }: Statement): Answer => {
    const statement = prepared.get(sql) ?? prepare(sql);
    return rows
      ? { rows: statement.all(...parameters) as unknown as readonly Row[], changes: 0 }
      : { rows: NO_ROWS, changes: Number(statement.run(...parameters).changes) };
  };
  const [begin, commit] = [change('BEGIN IMMEDIATE'), change('COMMIT')];
  return {
    run: answer,
    begin: () => void answer(begin),
    commit: () => void answer(commit),
    rollback() {
      // Some faults (a full disk) end the transaction by themselves.
      if (database.isTransaction) database.exec('ROLLBACK');
    },
  };
}
