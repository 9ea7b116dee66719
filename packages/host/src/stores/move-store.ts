import { createHash } from 'node:crypto';
import { CadreError } from '@cadre/core';
import { change, type Database, query, type Row, type SqlValue } from './database.ts';
import type { Dialect } from './dialect.ts';

/** A table as both dialects have it; `order` is its key, in which it is read. */
interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly order: readonly string[];
  /** Columns that are read in pages and not copied: each store counts them by itself. */
  readonly own?: string;
  /** What stands in the target until all else is there. */
  readonly later?: string;
  readonly identity?: string;
  /** Rows at once, where a row is large. */
  readonly page?: number;
}

const RUN_COLUMNS =
  'key id workflow definition mode status principal created_at started_at ended_at number failure_code questions ' +
  'profile commit_at commit_made changes origin';

const STATE_COLUMNS = 'trigger_name paused rule since moved_at due note';

const FIRING_COLUMNS =
  'id trigger_name key due claimed_at priority status attempt not_before started_at ended_at run failure event';

const STREAM_COLUMNS = 'stream number run at topic actor subject ends data';

/** In the order in which one may name another. Leases are not moved: they belong to processes that are gone. */
const TABLES: readonly Table[] = [
  { name: 'definitions', columns: ['hash', 'workflow', 'kept_at'], order: ['hash'] },
  // A run that is over takes no events, so it is over only when it has them.
  { name: 'runs', columns: RUN_COLUMNS.split(' '), order: ['key'], later: 'ended_at', identity: 'key' },
  { name: 'events', columns: ['run', 'number', 'version', 'event'], order: ['run', 'number'] },
  { name: 'effects', columns: ['run', 'step', 'effects'], order: ['id'], own: 'id' },
  { name: 'documents', columns: ['run', 'name', 'document'], order: ['run', 'name'] },
  { name: 'logs', columns: ['run', 'number', 'line'], order: ['run', 'number'] },
  { name: 'grants', columns: ['id', 'expires_at', 'body'], order: ['id'] },
  { name: 'trigger_states', columns: STATE_COLUMNS.split(' '), order: ['trigger_name'] },
  { name: 'firings', columns: FIRING_COLUMNS.split(' '), order: ['id'], identity: 'id' },
  {
    name: 'emitted',
    columns: ['id', 'at', 'topic', 'by_whom', 'data', 'again_at'],
    order: ['number'],
    own: 'number',
  },
  {
    name: 'stream_events',
    columns: STREAM_COLUMNS.split(' '),
    order: ['id'],
    own: 'id',
  },
  { name: 'waits', columns: ['run', 'step', 'head', 'topic'], order: ['run', 'step'] },
  // Before the records: while there are none, the database takes beginnings whose records are gone.
  { name: 'audit_beginnings', columns: ['number', 'hash', 'statement'], order: ['number'] },
  { name: 'audit', columns: ['number', 'previous', 'hash', 'entry'], order: ['number'] },
  { name: 'pins', columns: ['run', 'principal', 'at', 'reason'], order: ['run'] },
  { name: 'quarantines', columns: ['worker', 'since', 'reason'], order: ['worker'] },
  { name: 'holds', columns: ['name', 'workflow', 'principal', 'at', 'reason'], order: ['name'] },
  {
    name: 'tombstones',
    columns: ['run', 'status', 'ended_at', 'number', 'digest', 'removed_at'],
    order: ['run'],
  },
  {
    name: 'artifacts',
    columns: 'digest bytes type elements class run created_at used_at content_type'.split(' '),
    order: ['digest'],
  },
  { name: 'artifact_uses', columns: ['run', 'digest', 'root'], order: ['run', 'digest'] },
  { name: 'artifact_parts', columns: ['whole', 'part'], order: ['whole', 'part'] },
  // What lies in files is not in it: see `importArtifacts`.
  { name: 'artifact_chunks', columns: ['digest', 'number', 'chunk'], order: ['digest', 'number'], page: 8 },
  { name: 'artifact_bytes', columns: ['digest', 'number', 'bytes'], order: ['digest', 'number'], page: 8 },
];

/** Columns that are moved, by table: a test compares them with what there is. */
export const MOVED: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  TABLES.map(({ name, columns, own }) => [name, own === undefined ? columns : [own, ...columns]]),
);

const PAGE = 500;

/** What a store holds: rows, and a digest that does not depend on their order. */
export interface Contents {
  readonly [table: string]: { readonly rows: number; readonly digest: string };
}

/** Reads everything, a page at a time. */
export async function contentsOf(database: Database): Promise<Contents> {
  const contents: Record<string, { rows: number; digest: string }> = {};
  for (const table of TABLES) {
    let rows = 0;
    let sum = 0n;
    for await (const page of pagesOf(database, table)) {
      rows += page.length;
      for (const row of page) sum += digestOf(table, row);
    }
    contents[table.name] = { rows, digest: (sum % MODULUS).toString(16).padStart(64, '0') };
  }
  return contents;
}

const MODULUS = 2n ** 256n;

function digestOf({ columns }: Table, row: Row): bigint {
  const text = JSON.stringify(columns.map((column) => row[column] ?? null));
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
}

/**
 * Copies everything from one store into another that is empty, and proves by counts and digests that both hold the same.
 * `told` hears how far it is. Throws `store_corrupt` when they differ.
 */
export async function copyContents(
  source: Database,
  target: Database,
  dialect: Dialect,
  told: (table: string, rows: number) => void,
): Promise<Contents> {
  for (const table of TABLES) {
    let rows = 0;
    for await (const page of pagesOf(source, table)) {
      await insert(target, dialect, table, page);
      rows += page.length;
      told(table.name, rows);
    }
  }
  for (const table of TABLES) await complete(source, target, dialect, table);
  const [before, after] = [await contentsOf(source), await contentsOf(target)];
  const different = Object.keys(before).filter((name) => before[name]?.digest !== after[name]?.digest);
  if (different.length === 0) return after;
  throw new CadreError(
    'store_corrupt',
    `what was copied is not what was there: ${different.join(', ')} differ; the new store is not used`,
    { hint: 'make sure that nothing writes to the store, then run cadre migrate again' },
  );
}

async function* pagesOf(database: Database, table: Table): AsyncGenerator<readonly Row[]> {
  const { name, columns, order, own, page = PAGE } = table;
  const wanted = [...columns, ...(own === undefined ? [] : [own])].join(', ');
  const key = order.length === 1 ? order[0] : `(${order.join(', ')})`;
  let after: readonly SqlValue[] = [];
  for (;;) {
    const marks = after.map((_, index) => `?${index + 1}`).join(', ');
    const where = after.length === 0 ? '' : `WHERE ${key} > ${after.length === 1 ? marks : `(${marks})`}`;
    const sql = `SELECT ${wanted} FROM ${name} ${where} ORDER BY ${order.join(', ')} LIMIT ${page}`;
    const rows = await database.read(sql, after);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (rows.length < page || last === undefined) return;
    after = order.map((column) => last[column] ?? null);
  }
}

async function insert(
  target: Database,
  dialect: Dialect,
  { name, columns, later, identity }: Table,
  rows: readonly Row[],
): Promise<void> {
  const parameters = rows.flatMap((row) =>
    columns.map((column) => (column === later ? null : (row[column] ?? null))),
  );
  const values = rows.map((_, row) => {
    const marks = columns.map((_name, column) => `?${row * columns.length + column + 1}`);
    return `(${marks.join(', ')})`;
  });
  const overriding = identity !== undefined && dialect === 'postgres' ? 'OVERRIDING SYSTEM VALUE' : '';
  const sql = `INSERT INTO ${name} (${columns.join(', ')}) ${overriding} VALUES ${values.join(', ')}`;
  await target.write(function* () {
    yield change(sql, ...parameters);
  });
}

/** What had to wait until the rest was there, and the counter of keys that were given by hand. */
async function complete(source: Database, target: Database, dialect: Dialect, table: Table): Promise<void> {
  const { name, later, identity } = table;
  if (identity === undefined) return;
  if (later !== undefined) {
    for await (const page of pagesOf(source, table)) {
      await target.write(function* () {
        for (const row of page) {
          if (row[later] === null) continue;
          yield change(
            `UPDATE ${name} SET ${later} = ?2 WHERE ${identity} = ?1`,
            row[identity] ?? null,
            row[later] ?? null,
          );
        }
      });
    }
  }
  // SQLite looks at the keys itself.
  if (dialect === 'sqlite') return;
  await target.write(function* () {
    yield query(
      `SELECT setval(pg_get_serial_sequence('${name}', '${identity}'), coalesce(max(${identity}), 0) + 1, false) FROM ${name}`,
    );
  });
}

/** Whether anything of worth is in a store. */
export async function isEmpty(database: Database): Promise<boolean> {
  for (const name of ['runs', 'grants', 'audit']) {
    if ((await database.read(`SELECT 1 AS found FROM ${name} LIMIT 1`, [])).length > 0) return false;
  }
  return true;
}
