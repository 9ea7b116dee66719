import type { RunEvent } from '@cadre/core';
import type { SharedStore } from '../ports/shared-journal.ts';
import type { Store } from '../ports/store.ts';
import type { Wire } from '../ports/wire.ts';
import { createStore } from './create-store.ts';
import { parsePostgresAddress } from './postgres-address.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { createPostgresJournal } from './postgres-journal.ts';
import { listen } from './postgres-listener.ts';
import { openSessions } from './postgres-sessions.ts';
import { postgresVacuum } from './vacuum.ts';
import { asTransaction, NOTHING_BESIDE } from './write-turns.ts';

export interface PostgresStore extends Store {
  readonly shared: SharedStore;
  /** Where it is, without the password. */
  readonly place: string;
}

/**
 * Opens the store in a schema of a PostgreSQL database, and makes the schema when it is not there. Any number of processes
 * on any number of machines may have it open. Throws CadreError `config_invalid`, `store_unavailable`, `disk_full`, or
 * `incompatible` when a newer Cadre has changed it. `wire`: by which processes wake each other, else by NOTIFY.
 */
export async function openPostgresStore(
  url: string,
  schema: string,
  patienceMs?: number,
  wire?: Wire,
): Promise<PostgresStore> {
  const address = parsePostgresAddress(url, schema);
  const sessions = openSessions(address, patienceMs);
  const stops = new Set<() => void>();
  try {
    const database = await openPostgresDatabase(sessions, address);
    const store = createStore(database, postgresVacuum(database));
    const journal = createPostgresJournal<never>(sessions, address, () => NOTHING_BESIDE, wire);
    return {
      ...store,
      runs: {
        ...store.runs,
        append: (run, expected, events, fence) =>
          fence === undefined && expected > 0
            ? journal.advance({ run, expected, events, wakeAt: decidedBy(events) })
            : store.runs.append(run, expected, events, fence),
      },
      place: address.name,
      shared: {
        openJournal: (alongside) => createPostgresJournal(sessions, address, alongside, wire),
        // Without values many statements may stand in one text.
        executeSql: (text, values = []) => sessions.askAsIs(text, values.length === 0 ? undefined : values),
        transact: (work) => sessions.transact((client) => work(asTransaction(client))),
        listen(hear) {
          const stop = wire?.listen(hear) ?? listen(sessions, address, hear);
          stops.add(stop);
          return stop;
        },
      },
      async close() {
        for (const stop of stops) stop();
        await wire?.close();
        await database.close();
      },
    };
  } catch (error) {
    await sessions.close();
    throw error;
  }
}

/**
 * Whoever appends what somebody wants of a run decides at once what follows from it; should its process die in between,
 * another one does, when this has passed.
 */
const DECIDED_MS = 2_000;

function decidedBy(events: readonly RunEvent[]): number {
  return (events.at(-1)?.at ?? 0) + DECIDED_MS;
}
