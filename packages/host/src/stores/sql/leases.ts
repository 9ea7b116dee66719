import type { Lease, LeaseHolder, LeaseStore } from '../../ports/lease-store.ts';
import { change, query, type Row, type Script } from '../database.ts';

const COLUMNS = 'name, token, holder, host, pid, process_start, run, since, renewed, expires';

type Acquired = Awaited<ReturnType<LeaseStore['acquire']>>;

const TAKE = `INSERT INTO leases (name, holder, host, pid, process_start, run, since, renewed, expires)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT (name) DO NOTHING RETURNING token`;

/** Taking from another is deleting and inserting, so that the table's own counter gives the token (migration 1, invariant 4). */
export function* acquireLease(
  name: string,
  holder: LeaseHolder,
  ttlMs: number,
  now: number,
  isDead: (lease: Lease) => boolean,
): Script<Acquired> {
  const expires = now + ttlMs;
  const { host, pid, processStart, run } = holder;
  const take = query(TAKE, name, holder.holder, host, pid, processStart, run ?? null, now, expires);
  const lease = (taken: Row): Lease => {
    return { ...holder, name, token: Number(taken['token']), since: now, renewed: now, expires };
  };
  const [free] = (yield take).rows;
  if (free !== undefined) return { ok: true, lease: lease(free) };
  const [row] = (yield query(FIND_LEASE, name)).rows;
  if (row === undefined) throw new Error(`bug: the lease ${name} is neither free nor held`);
  const present = readLease(row);
  if (present.expires > now && !isDead(present)) return { ok: false, holder: present };
  yield change(BREAK_LEASE, name);
  const [taken] = (yield take).rows;
  if (taken === undefined) throw new Error(`bug: the lease ${name} was not free after it was broken`);
  return { ok: true, lease: lease(taken), tookOver: present };
}

export const RENEW_LEASE = 'UPDATE leases SET renewed = ?3, expires = ?4 WHERE name = ?1 AND token = ?2';

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
