import type { HeldRecord, StoredBeginning } from '../../ports/audit-removal.ts';
import type { AuditRecord } from '../../ports/audit-store.ts';
import { change, query, type Row, type Script } from '../database.ts';
import { appendRecord } from './audit.ts';

export const EXTENT = 'SELECT min(number) AS first, max(number) AS last FROM audit';

export const LIST_BEGINNINGS = 'SELECT number, hash, statement FROM audit_beginnings ORDER BY number';

export const FIND_HELD =
  'SELECT number, run, why FROM audit_held WHERE number > ?1 AND number <= ?2 ORDER BY number LIMIT 1';

/** In one transaction with its own record, so that nothing can go of which the chain does not tell. */
export function* beginAfter(
  { number, hash, statement }: StoredBeginning,
  entry: string,
): Script<AuditRecord | undefined> {
  const [newest] = (yield query('SELECT max(number) AS number FROM audit_beginnings')).rows;
  if (Number(newest?.['number'] ?? 0) >= number) return undefined;
  yield change(
    'INSERT INTO audit_beginnings (number, hash, statement) VALUES (?1, ?2, ?3)',
    number,
    hash,
    statement,
  );
  return yield* appendRecord(entry);
}

/** Only from the front, and only up to what has to stay: the database itself refuses anything else (migration 21). */
export function* removeOldest(limit: number): Script<number> {
  const [edge] = (yield query(
    'SELECT (SELECT min(number) FROM audit) AS first, (SELECT max(number) FROM audit_beginnings) AS last',
  )).rows;
  const first = Number(edge?.['first'] ?? 0);
  const through = Math.min(Number(edge?.['last'] ?? 0), first + limit - 1);
  if (through < first) return 0;
  const [held] = (yield query(FIND_HELD, first - 1, through)).rows;
  const last = held === undefined ? through : Number(held['number']) - 1;
  if (last < first) return 0;
  return (yield change('DELETE FROM audit WHERE number >= ?1 AND number <= ?2', first, last)).changes;
}

export function readBeginning(row: Row): StoredBeginning {
  return {
    number: Number(row['number']),
    hash: String(row['hash']),
    statement: String(row['statement']),
  };
}

export function readHeld(row: Row): HeldRecord {
  return {
    number: Number(row['number']),
    why: String(row['why']) as HeldRecord['why'],
    ...(row['run'] === null ? {} : { run: String(row['run']) }),
  };
}
