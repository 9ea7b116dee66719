import { runReport } from '@cadre/core';
import { duration } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Output } from '../output.ts';
import { printTable } from './table.ts';

const COMPARED_WITH = 10;

/** Durations of each step beside the median of earlier runs of the same workflow (HYG-39). */
export async function printTimings(app: App, id: string, output: Output): Promise<void> {
  const { state, workflow } = await app.engine.get(id);
  const { runs } = await app.engine.list({
    workflow: state.workflow,
    mode: state.mode,
    limit: COMPARED_WITH + 1,
  });
  const earlier = new Map<string, number[]>();
  for (const run of runs.filter((candidate) => candidate.id !== id)) {
    const before = await app.engine.get(run.id);
    for (const row of runReport(before.workflow, before.state)) {
      if (row.durationMs === undefined || row.status === 'skipped') continue;
      earlier.set(row.step, [...(earlier.get(row.step) ?? []), row.durationMs]);
    }
  }
  const rows = runReport(workflow, state)
    .filter((row) => row.durationMs !== undefined && row.status !== 'skipped')
    .map((row) => ({ ...row, medianMs: median(earlier.get(row.step) ?? []) }));
  output.document({
    id,
    timings: rows.map(({ step, durationMs, medianMs }) => ({ step, durationMs, medianMs })),
  });
  printTable(
    ['step', 'took', 'median before', 'change'],
    rows.map(({ name, durationMs = 0, medianMs }) => [
      name,
      duration(durationMs),
      medianMs === undefined ? '' : duration(medianMs),
      medianMs === undefined || medianMs === 0 ? '' : `${Math.round((durationMs / medianMs - 1) * 100)} %`,
    ]),
    output,
  );
}

export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
