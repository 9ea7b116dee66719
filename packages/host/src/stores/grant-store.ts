import type { Grant, GrantStore } from '../ports/grant-store.ts';
import { change, type Database } from './database.ts';
import { LIST_GRANTS, PUT_GRANT, REVOKE_GRANT } from './sql/grants.ts';

export function createGrantStore(database: Database): GrantStore {
  return {
    put: (grant) =>
      database.write(function* () {
        yield change(PUT_GRANT, grant.id, grant.expiresAt ?? null, JSON.stringify(grant));
      }),
    list: async (now) =>
      (await database.read(LIST_GRANTS, [now])).map((row) => JSON.parse(String(row['body'])) as Grant),
    revoke: (id) =>
      database.write(function* () {
        return (yield change(REVOKE_GRANT, id)).changes > 0;
      }),
  };
}
