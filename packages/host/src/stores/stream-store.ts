import { CadreError } from '@cadre/core/history';
import type { StreamStore } from '../ports/stream-store.ts';
import type { Database } from './database.ts';
import {
  closeStream,
  extendStream,
  KEY_AT,
  LIST_OPEN,
  NEWEST,
  READ_STREAM,
  READ_STREAMS,
  READ_WRITTEN,
  readStreamEvent,
  readWritten,
} from './sql/streams.ts';

/** Whoever writes to a stream and whoever closes it may be two processes. */
const TURN = 'streams';

export function createStreamStore(database: Database): StreamStore {
  return {
    async extend(run, stream, first, entries) {
      const kept = await database.write(() => extendStream(run, stream, first, entries), TURN);
      if (kept === undefined) throw new CadreError('run_not_found', `there is no run ${run}`);
      return kept;
    },
    close: (run, stream, end) => database.write(() => closeStream(run, stream, end), TURN),
    read: async (stream, after, limit) =>
      (await database.read(READ_STREAM, [stream, after, limit])).map(readStreamEvent),
    readWritten: async (id, limit) => (await database.read(READ_WRITTEN, [id, limit])).map(readWritten),
    readStreams: async (id, limit) =>
      (await database.read(READ_STREAMS, [id, limit])).map((row) => ({
        id: Number(row['id']),
        ...readStreamEvent(row),
      })),
    async keyAt(id) {
      const [row] = await database.read(KEY_AT, [id]);
      return row === undefined ? undefined : Number(row['run']);
    },
    async newest() {
      const [row] = await database.read(NEWEST, []);
      return {
        id: Number(row?.['id']),
        key: Number(row?.['key']),
        streams: Number(row?.['streams']),
        audit: Number(row?.['audit']),
      };
    },
    listOpen: async (run) => (await database.read(LIST_OPEN, [run])).map(({ stream }) => String(stream)),
  };
}
