import { CadreError, type NumberedEvent } from '@cadre/core/history';
import type { RunStore } from '../ports/store.ts';

const PAGE = 10_000;

/** Every event of a run, a page at a time. Throws `run_not_found`. */
export async function* readEvents(runs: RunStore, run: string): AsyncGenerator<NumberedEvent> {
  let last = 0;
  do {
    const events = await runs.readEvents(run, last, PAGE);
    if (events.length === 0 && last === 0) throw missingRun(run);
    yield* events;
    last = events.length < PAGE ? 0 : (events.at(-1)?.number ?? 0);
  } while (last > 0);
}

export function missingRun(run: string): CadreError {
  return new CadreError('run_not_found', `there is no run ${run}`, {
    hint: 'see which there are: cadre runs',
  });
}
