import type { LeaseStore } from '../ports/lease-store.ts';
import { change, type Database } from './database.ts';
import {
  acquireLease,
  BREAK_LEASE,
  FIND_LEASE,
  LIST_LEASES,
  RELEASE_LEASE,
  RENEW_LEASE,
  readLease,
} from './sql/leases.ts';

export function createLeaseStore(database: Database): LeaseStore {
  return {
    acquire: (name, holder, ttlMs, now, isDead) =>
      database.write(() => acquireLease(name, holder, ttlMs, now, isDead), 'leases'),
    // One statement that changes one row by its token: it need not wait for its turn.
    renew: (name, token, ttlMs, now) =>
      database.write(function* () {
        return (yield change(RENEW_LEASE, name, token, now, now + ttlMs)).changes > 0;
      }),
    release: (name, token) =>
      database.write(function* () {
        yield change(RELEASE_LEASE, name, token);
      }, 'leases'),
    break: (name) =>
      database.write(function* () {
        yield change(BREAK_LEASE, name);
      }, 'leases'),
    async find(name) {
      const [row] = await database.read(FIND_LEASE, [name]);
      return row === undefined ? undefined : readLease(row);
    },
    list: async () => (await database.read(LIST_LEASES, [])).map(readLease),
  };
}
