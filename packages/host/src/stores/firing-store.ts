import type { RunStatus } from '@cadre/core';
import type { FiringStore } from '../ports/firing-store.ts';
import { change, type Database } from './database.ts';
import {
  addFiring,
  beginFiring,
  COUNT_RUNNING,
  COUNT_SINCE,
  COUNT_WAITING,
  endFiring,
  FIND_FIRING,
  LIST_OVER,
  LIST_UNSTARTED,
  listFirings,
  listReady,
  NEXT_READY,
  pruneFirings,
  readFiring,
  readFiringRecord,
  replayFiring,
} from './sql/firings.ts';
import { FORGET_STREAMS } from './sql/streams.ts';
import { claimDue, FIND_STATE, LIST_STATES, putRule, readState, SET_PAUSED } from './sql/trigger-states.ts';
import { FORGET_WAITS } from './sql/waits.ts';

const PAGE = 100;

/** What is looked at before it is changed. */
const TURN = 'firings';

export function createFiringStore(database: Database): FiringStore {
  return {
    async findState(trigger) {
      const [row] = await database.read(FIND_STATE, [trigger]);
      return row === undefined ? undefined : readState(row);
    },
    listStates: async () => (await database.read(LIST_STATES, [])).map(readState),
    putRule: (trigger, rule, at) => database.write(() => putRule(trigger, rule, at)),
    setPaused: (trigger, paused, now, due) =>
      database.write(function* () {
        yield change(SET_PAUSED, trigger, paused ? 1 : 0, now, due ?? null);
      }),
    claim: (claim) => database.write(() => claimDue(claim)),
    add: (firing) => database.write(() => addFiring(firing)),
    async listReady(now, agingMs, limit, without = []) {
      const { sql, parameters } = listReady(now, agingMs, limit, without);
      return (await database.read(sql, parameters)).map(readFiring);
    },
    async nextReady(now) {
      const [row] = await database.read(NEXT_READY, [now]);
      const at = row?.['at'];
      return at === null || at === undefined ? undefined : Number(at);
    },
    begin: (id, how) => database.write(() => beginFiring(id, how), TURN),
    listOver: async (limit) =>
      (await database.read(LIST_OVER, [limit])).map((row) => ({
        firing: readFiringRecord(row),
        run: row['run_status'] as RunStatus,
        ...(row['failure_code'] === null ? {} : { failureCode: String(row['failure_code']) }),
      })),
    listUnstarted: async (before, limit) =>
      (await database.read(LIST_UNSTARTED, [before, limit])).map(readFiring),
    end: (id, attempt, now, end) => database.write(() => endFiring(id, attempt, now, end)),
    async find(id) {
      const [row] = await database.read(FIND_FIRING, [id]);
      return row === undefined ? undefined : readFiring(row);
    },
    async list(filter) {
      const { sql, parameters } = listFirings(filter, filter.limit ?? PAGE);
      return (await database.read(sql, parameters)).map(readFiringRecord);
    },
    async countSince(trigger, since) {
      const [row] = await database.read(COUNT_SINCE, [trigger, since]);
      return Number(row?.['count'] ?? 0);
    },
    async countRunning() {
      const [row] = await database.read(COUNT_RUNNING, []);
      return Number(row?.['running'] ?? 0);
    },
    async countWaiting(most) {
      const [row] = await database.read(COUNT_WAITING, [most]);
      return Number(row?.['waiting'] ?? 0);
    },
    replay: (id, now) => database.write(() => replayFiring(id, now)),
    prune: (before, keep) =>
      database.write(function* () {
        yield change(FORGET_WAITS);
        yield change(FORGET_STREAMS, before);
        return yield* pruneFirings(before, keep);
      }),
  };
}
