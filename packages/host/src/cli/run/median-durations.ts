import { runReport } from '@cadre/core/history';
import type { Records } from '../../app.ts';
import { median } from '../show/timings.ts';

const LOOKED_AT = 10;

export interface MedianDurations {
  /** How many earlier runs there were. */
  readonly runs: number;
  /** Milliseconds by the path of a step; of those that were skipped nothing is known. */
  readonly steps: ReadonlyMap<string, number>;
}

/** How long the steps of a workflow took in its last runs, the one of `except` left out. */
export async function medianDurations(
  records: Pick<Records, 'engine'>,
  workflow: string,
  mode: 'apply' | 'plan',
  except?: string,
): Promise<MedianDurations> {
  const { runs } = await records.engine.list({ workflow, mode, limit: LOOKED_AT + 1 });
  const earlier = runs.filter(({ id }) => id !== except).slice(0, LOOKED_AT);
  const durations = new Map<string, number[]>();
  for (const { id } of earlier) {
    const before = await records.engine.get(id);
    for (const { step, status, durationMs, cached } of runReport(before.workflow, before.state)) {
      if (durationMs === undefined || status === 'skipped' || cached === true) continue;
      durations.set(step, [...(durations.get(step) ?? []), durationMs]);
    }
  }
  return {
    runs: earlier.length,
    steps: new Map([...durations].map(([step, all]) => [step, median(all) ?? 0])),
  };
}
