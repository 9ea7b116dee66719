import { bytes, duration, plural, relativeTime } from '@cadre/kit/format';
import {
  CALL_BOUNDS_MS,
  type CallTimes,
  type PoolFigures,
  type ProcessFigures,
} from '../../ports/figures.ts';
import type { WorkerState, WorkerStatus } from '../../upkeep/worker-states.ts';
import type { Output } from '../output.ts';
import { paint } from './report.ts';

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
  const errors = `${faults} of its last ${plural(calls, 'call')} ended by its own fault, ${allowed} may`;
  output.line(
    `\nState: ${statusText(status, output)}${calls === 0 ? '' : `  ${output.colours.dim(errors)}`}`,
  );
  for (const one of processes) {
    for (const pool of one.pools) {
      if (pool.worker !== worker) continue;
      output.line(`In process ${one.pid} on ${one.host}:`);
      for (const line of linesOf(pool, now)) output.line(`  ${line}`);
    }
  }
}

function linesOf({ processes, idle, started, usage, ...pool }: PoolFigures, now: number): string[] {
  const { performed, failed, restarts, waiting, times } = pool;
  const since =
    started && `the newest since ${relativeTime(started.at, { now })}, ready in ${duration(started.readyMs)}`;
  const waits = waiting.high + waiting.normal + waiting.low;
  const half = within(times, 0.5);
  return [
    listed(`${plural(processes, 'process', 'processes')}, ${idle} idle`, since, plural(restarts, 'restart')),
    ...(usage === undefined
      ? []
      : [
          listed(
            `memory ${bytes(usage.memoryBytes)}, at most ${bytes(usage.peakBytes)} in one process`,
            `processor time ${duration(usage.cpuMs)}`,
          ),
        ]),
    listed(
      `${plural(performed, 'call')} over, ${failed} failed`,
      half === '' ? undefined : `half within ${half}, 95 % within ${within(times, 0.95)}`,
      `${waits} waiting`,
    ),
  ];
}

function listed(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' · ');
}

/** The bound below which so large a part of the calls lies. */
function within(times: CallTimes | undefined, share: number): string {
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
