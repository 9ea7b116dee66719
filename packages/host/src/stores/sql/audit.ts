import { createHash } from 'node:crypto';
import { canonicalJson } from '@cadre/core/history';
import type { AuditRecord } from '../../ports/audit-store.ts';
import { change, query, type Row, type Script } from '../database.ts';

/** What the first record names as the hash before it. */
const BEGINNING = '0'.repeat(64);

/** Last record, hash and new record in one transaction: processes that write at once make one chain. */
export function* appendRecord(entry: string): Script<AuditRecord> {
  const { rows } = yield query('SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1');
  const [last] = rows;
  const number = Number(last?.['number'] ?? 0) + 1;
  const previous = String(last?.['hash'] ?? BEGINNING);
  const hash = createHash('sha256').update(canonicalJson({ number, previous, entry })).digest('hex');
  yield change(
    'INSERT INTO audit (number, previous, hash, entry) VALUES (?1, ?2, ?3, ?4)',
    number,
    previous,
    hash,
    entry,
  );
  return { number, previous, hash, entry };
}

export const READ_RECORDS =
  'SELECT number, previous, hash, entry FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2';

export function readRecord(row: Row): AuditRecord {
  return {
    number: Number(row['number']),
    previous: String(row['previous']),
    hash: String(row['hash']),
    entry: String(row['entry']),
  };
}
