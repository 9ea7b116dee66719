import { bytes, duration, relativeTime } from '@cadre/kit/format';
import {
  CALL_BOUNDS_MS,
  type CallTimes,
  type PoolFigures,
  type ProcessFigures,
} from '../../ports/figures.ts';
import type { WorkerState, WorkerStatus } from '../../upkeep/worker-states.ts';
import type { Output } from '../output.ts';
import { paint } from './report.ts';
import { printTable } from './table.ts';

const COLOUR = { ok: 'green', degraded: 'yellow', quarantined: 'red' } as const;

export function statusText(status: WorkerStatus, output: Output): string {
  return paint(status, COLOUR[status], output.colours);
}

/** What a worker does and uses, in each process of the workspace that has one of it. */
export function printWorkerFigures(
  worker: string,
  processes: readonly ProcessFigures[],
  { status, calls, faults, allowed }: WorkerState,
  now: number,
  output: Output,
): void {
  const errors = `${faults} of its last ${calls} calls ended by its own fault, ${allowed} may`;
  output.line(
    `\nState: ${statusText(status, output)}${calls === 0 ? '' : `  ${output.colours.dim(errors)}`}`,
  );
  const rows = processes.flatMap((one) =>
    one.pools.filter((pool) => pool.worker === worker).map((pool) => rowOf(one, pool, now)),
  );
  if (rows.length === 0) return;
  output.line();
  printTable(
    [
      'in process',
      'processes',
      'started?',
      'ready in?',
      'memory?',
      'peak?',
      'cpu?',
      'calls',
      'failed',
      'half within?',
      '95 % within?',
      'restarts',
      'waiting',
    ],
    rows,
    output,
  );
}

function rowOf({ pid, host }: ProcessFigures, pool: PoolFigures, now: number): string[] {
  const { started, usage, times, waiting } = pool;
  return [
    `${pid} on ${host}`,
    `${pool.processes} (${pool.idle} idle)`,
    started === undefined ? '' : relativeTime(started.at, { now }),
    started === undefined ? '' : duration(started.readyMs),
    usage === undefined ? '' : bytes(usage.memoryBytes),
    usage === undefined ? '' : bytes(usage.peakBytes),
    usage === undefined ? '' : duration(usage.cpuMs),
    String(pool.performed),
    String(pool.failed),
    within(times, 0.5),
    within(times, 0.95),
    String(pool.restarts),
    String(waiting.high + waiting.normal + waiting.low),
  ];
}

/** The bound below which so large a part of the calls lies. */
export function within(times: CallTimes | undefined, share: number): string {
  const counts = times?.counts ?? [];
  const wanted = counts.reduce((sum, count) => sum + count, 0) * share;
  if (wanted === 0) return '';
  let sum = 0;
  const slot = counts.findIndex((count) => {
    sum += count;
    return sum >= wanted;
  });
  const bound = CALL_BOUNDS_MS[slot];
  return bound === undefined ? `over ${duration(CALL_BOUNDS_MS.at(-1) ?? 0)}` : duration(bound);
}
