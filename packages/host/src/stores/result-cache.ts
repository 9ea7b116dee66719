import type { ResultCache } from '../ports/result-cache.ts';
import { change, type Database } from './database.ts';
import {
  CLEAR_RESULTS,
  CLEAR_TAGGED,
  FIND_RESULT,
  LIST_RESULTS,
  putResult,
  readResult,
  readSummary,
  USE_RESULT,
} from './sql/results.ts';

export function createResultCache(database: Database): ResultCache {
  return {
    async find(key, now) {
      const [row] = await database.read(FIND_RESULT, [key, now]);
      return row === undefined ? undefined : readResult(row);
    },
    use: (key, now) =>
      database.write(function* () {
        yield change(USE_RESULT, key, now);
      }),
    put: (result, maxBytes) => database.write(() => putResult(result, maxBytes)),
    list: async (now) => (await database.read(LIST_RESULTS, [now])).map(readSummary),
    clear: (tag) =>
      database.write(function* () {
        return (yield tag === undefined ? change(CLEAR_RESULTS) : change(CLEAR_TAGGED, tag)).changes;
      }),
  };
}
