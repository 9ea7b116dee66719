import type { EventStore } from '../ports/event-store.ts';
import { change, type Database } from './database.ts';
import { emit, FORGET, LIST_ENDED, readEnded, SETTLE, takeEmitted } from './sql/emitted.ts';
import { headOf, LIST_WAITS } from './sql/waits.ts';

export function createEventStore(database: Database): EventStore {
  return {
    // In turn, since what is emitted is numbered.
    emit: (event) => database.write(() => emit(event), 'emitted'),
    take: (now, againMs, limit) => database.write(() => takeEmitted(now, againMs, limit), 'emitted'),
    settle: (id) =>
      database.write(function* () {
        yield change(SETTLE, id);
      }),
    forget: (before) =>
      database.write(function* () {
        yield change(FORGET, before);
      }),
    listWaits: async (topic) =>
      (await database.read(LIST_WAITS, [headOf(topic)])).map((row) => ({
        run: String(row['id']),
        topic: String(row['topic']),
      })),
    listEnded: async (after, limit) => (await database.read(LIST_ENDED, [after, limit])).map(readEnded),
  };
}
