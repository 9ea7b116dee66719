import type { JsonObject } from '@cadre/sdk';
import type { ProcessFigures } from '../ports/figures.ts';
import type { PoolStore } from '../ports/pool-store.ts';
import { change, type Database, type SqlValue } from './database.ts';
import {
  CLEAR_QUARANTINE,
  FIND_QUARANTINE,
  FIND_WARM_CALL,
  LIST_FIGURES,
  LIST_QUARANTINES,
  PUT_FIGURES,
  PUT_QUARANTINE,
  PUT_WARM_CALL,
  REMOVE_FIGURES,
  readQuarantine,
} from './sql/pools.ts';

export function createPoolStore(database: Database): PoolStore {
  const write = (sql: string, ...parameters: readonly SqlValue[]) =>
    database.write(function* () {
      return (yield change(sql, ...parameters)).changes;
    });
  return {
    quarantines: {
      async put({ worker, since, reason }) {
        await write(PUT_QUARANTINE, worker, since, reason);
      },
      async find(worker) {
        const [row] = await database.read(FIND_QUARANTINE, [worker]);
        return row === undefined ? undefined : readQuarantine(row);
      },
      list: async () => (await database.read(LIST_QUARANTINES, [])).map(readQuarantine),
      clear: async (worker) => (await write(CLEAR_QUARANTINE, worker)) > 0,
    },
    figures: {
      async put(figures) {
        await write(PUT_FIGURES, figures.process, JSON.stringify(figures));
      },
      async list() {
        const rows = await database.read(LIST_FIGURES, []);
        return rows.map((row) => JSON.parse(String(row['figures'])) as ProcessFigures);
      },
      remove: (processes) =>
        database.write(function* () {
          for (const process of processes) yield change(REMOVE_FIGURES, process);
        }),
    },
    warmCalls: {
      async put(worker, call) {
        await write(PUT_WARM_CALL, worker, JSON.stringify(call));
      },
      async find(worker) {
        const [row] = await database.read(FIND_WARM_CALL, [worker]);
        return row === undefined ? undefined : (JSON.parse(String(row['call'])) as JsonObject);
      },
    },
  };
}
