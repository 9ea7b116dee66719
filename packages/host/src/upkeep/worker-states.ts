import type { PoolFigures, ProcessFigures } from '../ports/figures.ts';
import type { Quarantine } from '../ports/pool-store.ts';

/** `degraded`: more of its last calls than may have ended by its own fault. `quarantined`: none of its processes is started. */
export type WorkerStatus = 'ok' | 'degraded' | 'quarantined';

export interface WorkerState {
  readonly worker: string;
  readonly status: WorkerStatus;
  /** Of the last calls in all processes of the workspace. */
  readonly calls: number;
  readonly faults: number;
  /** How many of them may be faults. */
  readonly allowed: number;
}

/** Of these workers, by what all processes tell of them. */
export function workerStates(
  workers: readonly string[],
  processes: readonly Pick<ProcessFigures, 'pools'>[],
  quarantines: readonly Pick<Quarantine, 'worker'>[],
): readonly WorkerState[] {
  const pools = processes.flatMap((one) => one.pools);
  const closed = new Set(quarantines.map(({ worker }) => worker));
  return workers.map((worker) => {
    const state = budgetOf(pools.filter((pool) => pool.worker === worker));
    const overspent = state.faults > state.allowed ? 'degraded' : 'ok';
    return { worker, ...state, status: closed.has(worker) ? 'quarantined' : overspent };
  });
}

/** One fault says nothing of a worker that was called a few times. */
const LEAST = 1;

function budgetOf(pools: readonly PoolFigures[]): Pick<WorkerState, 'calls' | 'faults' | 'allowed'> {
  let [calls, faults, most] = [0, 0, 0];
  for (const { recent } of pools) {
    calls += recent?.calls ?? 0;
    faults += recent?.faults ?? 0;
    most += (recent?.calls ?? 0) * (recent?.share ?? 0);
  }
  return { calls, faults, allowed: Math.max(LEAST, Math.floor(most)) };
}
