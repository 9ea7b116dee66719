import { CadreError, envelopeOf, envelopeOfRunEvent } from '@cadre/core/history';
import type { Envelope, JsonObject } from '@cadre/sdk';
import type { AuditEntry, AuditRecord, AuditStore } from '../ports/audit-store.ts';
import type { StreamEvent, StreamStore } from '../ports/stream-store.ts';
import { envelopeOfStreamEvent } from './envelope-of-stream.ts';
import type { Place } from './place.ts';

export interface Source {
  readonly streams: StreamStore;
  readonly audit: Pick<AuditStore, 'read'>;
  readonly workspace: string;
}

/** An event, and the place after it. */
export interface Placed {
  readonly envelope: Envelope;
  readonly place: Place;
}

export interface Page {
  readonly events: readonly Placed[];
  readonly place: Place;
  /** There may be more at once. */
  readonly more: boolean;
}

const PAGE = 500;

/**
 * What follows a place, of every kind. Each kind comes in the order in which it was written; between the kinds the time
 * decides.
 */
export async function readPage({ streams, audit, workspace }: Source, after: Place): Promise<Page> {
  const [written, beside, records] = await Promise.all([
    streams.readWritten(after.id, PAGE),
    streams.readStreams(after.streams, PAGE),
    audit.read(after.audit, PAGE),
  ]);
  const kinds: readonly Kind[] = [
    written.map(({ id, key, run, principal, event }) => ({
      at: event.at,
      to: { id, key },
      envelope: () => envelopeOfRunEvent(event, { run, principal, workspace }),
    })),
    beside.map(({ id, ...event }: StreamEvent & { readonly id: number }) => ({
      at: event.at,
      to: { streams: id },
      envelope: () => envelopeOfStreamEvent(event, workspace),
    })),
    records.map((record) => {
      const entry = JSON.parse(record.entry) as AuditEntry;
      return {
        at: entry.at,
        to: { audit: record.number },
        envelope: () => envelopeOfRecord(record, entry, workspace),
      };
    }),
  ];
  let place = after;
  const events = merge(kinds).map(({ envelope, to }) => {
    place = { ...place, ...to };
    return { envelope: envelope(), place };
  });
  return { events, place, more: kinds.some((kind) => kind.length === PAGE) };
}

type Kind = readonly {
  readonly at: number;
  readonly to: Partial<Place>;
  readonly envelope: () => Envelope;
}[];

/** Never sorted: within a kind times may go back, where several machines write. */
function merge(kinds: readonly Kind[]): Kind[number][] {
  const next = kinds.map(() => 0);
  const merged: Kind[number][] = [];
  for (;;) {
    let first = -1;
    for (const [index, kind] of kinds.entries()) {
      const at = kind[next[index] ?? 0]?.at;
      const least = kinds[first]?.[next[first] ?? 0]?.at ?? Number.POSITIVE_INFINITY;
      if (at !== undefined && at < least) first = index;
    }
    const found = kinds[first]?.[next[first] ?? 0];
    if (found === undefined) return merged;
    merged.push(found);
    next[first] = (next[first] ?? 0) + 1;
  }
}

export function envelopeOfRecord(record: AuditRecord, entry: AuditEntry, workspace: string): Envelope {
  const { at, principal, run, step, operation, decision, ...data } = entry;
  return envelopeOf({
    topic: `${operation}.${decision}`,
    stream: 'audit',
    number: record.number,
    workspace,
    run: run ?? null,
    step: step ?? null,
    actor: principal,
    at,
    data: data as unknown as JsonObject,
  });
}

/** Throws `not_found` for a place whose last event was removed: nobody could say what came after it. */
export async function checkPlace({ streams }: Source, { id, key }: Place): Promise<void> {
  if (id === 0 || (await streams.keyAt(id)) === key) return;
  throw new CadreError(
    'not_found',
    'what was read last has been removed, so nobody can say what came after it',
    {
      hint: 'begin anew: with --after start, or without',
    },
  );
}
