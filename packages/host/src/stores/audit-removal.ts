import type { AuditRemoval } from '../ports/audit-removal.ts';
import { entryText } from './audit-store.ts';
import type { Database } from './database.ts';
import {
  beginAfter,
  EXTENT,
  FIND_HELD,
  LIST_BEGINNINGS,
  readBeginning,
  readHeld,
  removeOldest,
} from './sql/audit-removal.ts';

export function createAuditRemoval(database: Database): AuditRemoval {
  return {
    async extent() {
      const [row] = await database.read(EXTENT, []);
      const { first = null, last = null } = row ?? {};
      return first === null ? undefined : { first: Number(first), last: Number(last) };
    },
    beginnings: async () => (await database.read(LIST_BEGINNINGS, [])).map(readBeginning),
    begin(beginning, entry) {
      const text = entryText(entry);
      return database.write(() => beginAfter(beginning, text), 'audit');
    },
    async findHeld(after, through) {
      const [row] = await database.read(FIND_HELD, [after, through]);
      return row === undefined ? undefined : readHeld(row);
    },
    removeOldest: (limit) => database.write(() => removeOldest(limit)),
  };
}
