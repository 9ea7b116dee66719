import type { RunEvent } from '@cadre/core';
import type { Turn } from '../ports/shared-journal.ts';

const NEWS: ReadonlySet<RunEvent['type']> = new Set([
  'run.cancelling',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
  'step.failing',
  'step.waiting',
  'step.answered',
]);

/** Whoever is idle looks for times only now and then, and has to hear of those that come before. */
const SOON_MS = 30_000;

/** The lines that other processes are told of a turn. */
export function newsOf(turn: Turn<unknown>): readonly string[] {
  return [...(isNews(turn) ? [`run ${turn.run}`] : []), ...soonOf(turn)];
}

function soonOf({ events, wakeAt }: Turn<unknown>): string[] {
  const at = events.at(-1)?.at;
  return wakeAt !== undefined && at !== undefined && wakeAt - at < SOON_MS ? [`time ${wakeAt}`] : [];
}

/** What others wait for or must act upon; of everything else they hear when they look. */
function isNews({ events }: Turn<unknown>): boolean {
  return events.some(({ type }) => NEWS.has(type));
}
