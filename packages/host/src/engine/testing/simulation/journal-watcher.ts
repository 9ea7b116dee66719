import { apply, isOver, type NumberedEvent, type RunState } from '@cadre/core';
import type { GateCall } from '../../../ports/gate.ts';
import type { Store } from '../../../ports/store.ts';
import type { Life } from './schedule.ts';

/** What must never be, was. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export interface JournalWatcher {
  /** Reads what was appended to a run and looks whether it may stand there. */
  look(run: string): Promise<void>;
  /** An attempt is begun. */
  begun(life: Life, call: GateCall): void;
  readonly states: ReadonlyMap<string, RunState>;
  events(): number;
  attempts(): number;
}

/**
 * Invariants that it holds journals and processes to:
 * 1. Numbers have no gaps, and what was appended stays as it is.
 * 2. Each attempt has one `step.started`, and attempts of a step are counted without gaps.
 * 3. An attempt is performed at most once, by one process, and only after its `step.started`.
 * 4. A step whose success was appended is not performed again.
 * 5. A run that is over takes nothing more: applying an event to it throws, as does any that does not fit its state.
 */
export function watchJournals(store: Store): JournalWatcher {
  const states = new Map<string, RunState>();
  const started = new Map<string, Set<string>>();
  const succeeded = new Map<string, Set<string>>();
  const performed = new Map<string, string>();
  let count = 0;

  const setOf = (map: Map<string, Set<string>>, run: string) => {
    const found = map.get(run) ?? new Set<string>();
    map.set(run, found);
    return found;
  };

  function accept(run: string, event: NumberedEvent): void {
    const before = states.get(run);
    const expected = (before?.number ?? 0) + 1;
    if (event.number !== expected) throw new Broken(`${run} goes on with ${event.number}, not ${expected}`);
    if (before !== undefined && isOver(before.status)) {
      throw new Broken(`${run} was over, and then came ${event.type}`);
    }
    if (event.type === 'step.started') {
      const attempts = setOf(started, run);
      const key = `${event.step} ${event.attempt}`;
      if (attempts.has(key)) throw new Broken(`${run} began ${key} twice`);
      if (event.attempt > 1 && !attempts.has(`${event.step} ${event.attempt - 1}`)) {
        throw new Broken(`${run} began ${key} without the one before`);
      }
      if (setOf(succeeded, run).has(event.step)) {
        throw new Broken(`${run} began ${key} after ${event.step} had succeeded`);
      }
      attempts.add(key);
    }
    if (event.type === 'step.succeeded') setOf(succeeded, run).add(event.step);
    try {
      states.set(run, apply(before, event));
    } catch (error) {
      throw new Broken(
        `${run}: ${event.type} does not fit: ${error instanceof Error ? error.message : error}`,
      );
    }
    count += 1;
  }

  return {
    states,
    events: () => count,
    attempts: () => performed.size,
    async look(run) {
      const known = states.get(run)?.number ?? 0;
      for (const event of await store.runs.readEvents(run, known)) accept(run, event);
    },
    begun(life, { run, step, attempt }) {
      const key = `${run} ${step} ${attempt}`;
      const other = performed.get(key);
      if (other !== undefined) throw new Broken(`${key} is performed by ${life.id}, after ${other}`);
      if (!setOf(started, run).has(`${step} ${attempt}`)) {
        throw new Broken(`${key} is performed by ${life.id}, and is not in the journal`);
      }
      performed.set(key, life.id);
    },
  };
}
