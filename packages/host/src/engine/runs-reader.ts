import type { NumberedEvent, RunState } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { SharedJournal } from '../ports/shared-journal.ts';
import { isLastOf } from './journal.ts';

interface Wanted {
  readonly run: string;
  readonly after: number;
  readonly resolve: (events: readonly NumberedEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_RUNS = 500;

export interface ReadOn {
  /** After all that was appended since, or the same; undefined: there is no such run. */
  readonly state: RunState | undefined;
  /** What was known is in the journal no more: this is what stands there now. */
  readonly wentBack: boolean;
}

/**
 * Reads on in many runs: those that are asked for while one question is under way share the next.
 *
 * Invariant: the last event that is known is read again, and when it is another one, or none, everything is read anew.
 */
export function createRunsReader(
  journal: Pick<SharedJournal<never>, 'readOn'>,
): (run: string, state: RunState | undefined) => Promise<ReadOn> {
  const wanted: Wanted[] = [];
  let reading = false;

  async function work(): Promise<void> {
    while (wanted.length > 0) {
      const group = wanted.splice(0, MOST_RUNS);
      try {
        const least = new Map<string, number>();
        for (const { run, after } of group) least.set(run, Math.min(after, least.get(run) ?? after));
        const found = await journal.readOn([...least].map(([run, after]) => ({ run, after })));
        for (const { run, after, resolve } of group) {
          resolve((found.get(run) ?? []).filter((event) => event.number > after));
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    reading = false;
  }

  function read(run: string, after: number): Promise<readonly NumberedEvent[]> {
    return new Promise((resolve, reject) => {
      wanted.push({ run, after, resolve, reject });
      if (reading) return;
      reading = true;
      setImmediate(() => void work());
    });
  }

  return async (run, before) => {
    let state = before;
    let wentBack = false;
    for (;;) {
      const events = await read(run, state === undefined ? 0 : state.number - 1);
      const fresh = state === undefined ? events : events.slice(1);
      if (state !== undefined && !isLastOf(state, events[0])) {
        state = undefined;
        wentBack = true;
      } else if (fresh.length === 0) return { state, wentBack };
      else for (const event of fresh) state = apply(state, event);
    }
  };
}
