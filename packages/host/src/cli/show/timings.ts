import { type ReportedStep, runReport } from '@cadre/core/history';
import { duration } from '@cadre/kit/format';
import type { Timing } from '@cadre/sdk';
import type { Records } from '../../app.ts';
import type { Output } from '../output.ts';
import { reportOf } from './report.ts';
import { printTable } from './table.ts';

const COMPARED_WITH = 10;

export interface RunTimings {
  readonly timings: readonly StepTiming[];
  /** Of all steps together. */
  readonly tools: readonly SharedTiming[];
  readonly fileClasses: readonly SharedTiming[];
}

interface Compared {
  readonly durationMs: number;
  /** Of up to ten earlier runs of the workflow; undefined when none of them did this. */
  readonly medianMs: number | undefined;
}

interface StepTiming extends Compared {
  readonly step: string;
  readonly name: string;
  /** Answered from an earlier run: not compared, and no later run is compared with it. */
  readonly cached?: true;
}

interface SharedTiming extends Compared {
  readonly name: string;
  readonly count: number;
}

/** Durations of a run by step, tool and class of files, beside the medians of earlier runs (HYG-39). */
export async function timingsOf(records: Records, id: string): Promise<RunTimings> {
  const rows = await timedSteps(records, id);
  const earlier = await earlierRuns(records, id);
  const steps = rows.map(({ step, name, durationMs = 0, cached }) => ({
    step,
    name,
    durationMs,
    medianMs: cached
      ? undefined
      : median(earlier.flatMap((run) => run.filter((row) => row.step === step && !row.cached).map(tookOf))),
    ...(cached ? { cached } : {}),
  }));
  return {
    timings: steps,
    tools: shared(rows, earlier, 'tool'),
    fileClasses: shared(rows, earlier, 'files'),
  };
}

export function printTimings(found: RunTimings, output: Output): void {
  const rows = found.timings.map(({ name, cached, ...compared }) => [
    name,
    ...comparedCells(compared, cached === true ? 'cached' : undefined),
  ]);
  printTable(['step', 'took', 'median before', 'change'], rows, output);
  printShared('tool', found.tools, output);
  printShared('files', found.fileClasses, output);
}

function printShared(title: string, timings: readonly SharedTiming[], output: Output): void {
  if (timings.length === 0) return;
  output.line();
  const rows = timings.map(({ name, count, ...compared }) => [
    name,
    ...comparedCells(compared),
    String(count),
  ]);
  printTable([title, 'took', 'median before', 'change', 'files or tests?'], rows, output);
}

function comparedCells({ durationMs, medianMs }: Compared, instead?: string): readonly string[] {
  const change = medianMs === undefined || medianMs === 0 ? '' : percent(durationMs / medianMs - 1);
  return [duration(durationMs), medianMs === undefined ? '' : duration(medianMs), instead ?? change];
}

function percent(part: number): string {
  return `${part > 0 ? '+' : ''}${Math.round(part * 100)} %`;
}

async function timedSteps(records: Records, id: string): Promise<readonly ReportedStep[]> {
  const { state, workflow } = await records.engine.get(id);
  return runReport(workflow, state).filter(
    (row) => row.durationMs !== undefined && row.status !== 'skipped' && row.reason !== 'reused',
  );
}

/** Of the newest runs that were begun before this one. */
async function earlierRuns(records: Records, id: string): Promise<readonly (readonly ReportedStep[])[]> {
  const { state } = await records.engine.get(id);
  const { workflow, mode } = state;
  const { runs } = await records.engine.list({ workflow, mode, limit: 10 * COMPARED_WITH });
  const before = runs.filter((run) => run.id !== id && run.createdAt <= state.createdAt);
  return Promise.all(before.slice(0, COMPARED_WITH).map((run) => timedSteps(records, run.id)));
}

type Tally = ReadonlyMap<string, { readonly durationMs: number; readonly count: number }>;

/** What a cached step tells of its tools is of the run it comes from. */
function tally(rows: readonly ReportedStep[], by: 'tool' | 'files'): Tally {
  const sums = new Map<string, { durationMs: number; count: number }>();
  const told: readonly Timing[] = rows
    .filter(({ cached }) => cached !== true)
    .flatMap((row) => reportOf(row)?.timings ?? []);
  for (const timing of told) {
    const sum = sums.get(timing[by]) ?? { durationMs: 0, count: 0 };
    const count = sum.count + timing.count;
    sums.set(timing[by], { durationMs: sum.durationMs + timing.durationMs, count });
  }
  return sums;
}

function shared(
  rows: readonly ReportedStep[],
  earlier: readonly (readonly ReportedStep[])[],
  by: 'tool' | 'files',
): readonly SharedTiming[] {
  const before = earlier.map((run) => tally(run, by));
  return [...tally(rows, by)]
    .map(([name, now]) => ({
      name,
      ...now,
      medianMs: median(before.flatMap((run) => run.get(name)?.durationMs ?? [])),
    }))
    .sort((a, b) => b.durationMs - a.durationMs);
}

function tookOf({ durationMs = 0 }: ReportedStep): number {
  return durationMs;
}

export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
