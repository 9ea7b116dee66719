import { failure, type Outcome } from '@cadre/sdk';
import type { InstalledWorker, Surroundings } from '../ports/action-runner.ts';
import type { PoolContext, PoolSetting } from './pool-setting.ts';
import { startWorker } from './start-worker.ts';
import { strategyOf } from './worker-command.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Starts a process of a worker, unless that is in quarantine. */
export async function beginProcess(
  worker: InstalledWorker,
  around: Surroundings,
  { quarantines, sandbox, times }: PoolContext,
  { strategy }: PoolSetting,
): Promise<Outcome<WorkerProcess>> {
  const { id } = worker.manifest;
  const quarantine = await quarantines.find(id);
  if (quarantine !== undefined) {
    const since = new Date(quarantine.since).toISOString();
    const message = `the worker ${id} is in quarantine since ${since}: ${quarantine.reason}`;
    const hint = `when its fault is mended: cadre worker clear ${id}`;
    return { ok: false, failure: failure('worker_quarantined', message, { hint }) };
  }
  return startWorker(worker, around, sandbox, times, strategyOf(worker.manifest, strategy));
}
