import type { Lease, LeaseHolder, LeaseStore } from '../../ports/lease-store.ts';
import { type Row, type Script, statement } from '../database.ts';

const COLUMNS = 'name, token, holder, host, pid, process_start, run, since, renewed, expires';

type Acquired = Awaited<ReturnType<LeaseStore['acquire']>>;

/** Taking is deleting and inserting, so that the table's own counter gives the token (migration 1, invariant 4). */
export function* acquireLease(
  name: string,
  holder: LeaseHolder,
  ttlMs: number,
  now: number,
  isDead: (lease: Lease) => boolean,
): Script<Acquired> {
  const [row] = yield statement(FIND_LEASE, name);
  const present = row === undefined ? undefined : readLease(row);
  if (present !== undefined && present.expires > now && !isDead(present)) {
    return { ok: false, holder: present };
  }
  if (present !== undefined) yield statement('DELETE FROM leases WHERE name = ?1', name);
  const [taken] = yield statement(
    `INSERT INTO leases (name, holder, host, pid, process_start, run, since, renewed, expires)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) RETURNING token`,
    name,
    holder.holder,
    holder.host,
    holder.pid,
    holder.processStart,
    holder.run ?? null,
    now,
    now + ttlMs,
  );
  const lease: Lease = {
    ...holder,
    name,
    token: Number(taken?.['token']),
    since: now,
    renewed: now,
    expires: now + ttlMs,
  };
  return { ok: true, lease, ...(present === undefined ? {} : { tookOver: present }) };
}

export const RENEW_LEASE =
  'UPDATE leases SET renewed = ?3, expires = ?4 WHERE name = ?1 AND token = ?2 RETURNING token';

export const RELEASE_LEASE = 'DELETE FROM leases WHERE name = ?1 AND token = ?2';

export const BREAK_LEASE = 'DELETE FROM leases WHERE name = ?1';

export const FIND_LEASE = `SELECT ${COLUMNS} FROM leases WHERE name = ?1`;

export const LIST_LEASES = `SELECT ${COLUMNS} FROM leases ORDER BY name`;

export function readLease(row: Row): Lease {
  return {
    name: String(row['name']),
    token: Number(row['token']),
    holder: String(row['holder']),
    host: String(row['host']),
    pid: Number(row['pid']),
    processStart: String(row['process_start']),
    ...(row['run'] === null ? {} : { run: String(row['run']) }),
    since: Number(row['since']),
    renewed: Number(row['renewed']),
    expires: Number(row['expires']),
  };
}
