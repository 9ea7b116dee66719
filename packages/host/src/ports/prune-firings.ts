import type { EventStore } from './event-store.ts';
import type { FiringStore } from './firing-store.ts';

/** How long, and how many of each trigger; 0: no limit. */
export interface FiringRetention {
  readonly afterMs: number;
  readonly most: number;
}

/**
 * Forgets what triggers have done, and events that were dealt with; answers how many firings. Dead ones go by their age as well; those
 * under way stay.
 */
export async function pruneFirings(
  {
    firings,
    events,
  }: { readonly firings: Pick<FiringStore, 'prune'>; readonly events: Pick<EventStore, 'forget'> },
  { afterMs, most }: FiringRetention,
  now: number,
): Promise<number> {
  const before = afterMs > 0 ? now - afterMs : 0;
  await events.forget(before);
  return firings.prune(before, most > 0 ? most : Number.MAX_SAFE_INTEGER);
}
