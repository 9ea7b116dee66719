import type { JsonValue, Outcome } from '@cadre/sdk';
import type { InstalledWorker, Surroundings } from '../ports/action-runner.ts';
import type { PoolFigures } from '../ports/figures.ts';
import type { Caller, PoolContext, PoolSetting, PoolTask } from './pool-setting.ts';
import { WorkerPool } from './worker-pool.ts';

/** Running workers, each in a pool of its own. After `close` no worker runs. */
export interface Pools {
  use(
    worker: InstalledWorker,
    caller: Caller,
    signal: AbortSignal,
    task: PoolTask,
  ): Promise<Outcome<JsonValue>>;
  warm(worker: InstalledWorker, around: Surroundings | undefined): void;
  /** Nothing of what lies in this folder is used from now on; resolves when its last call and process is over. */
  retire(worker: InstalledWorker): Promise<void>;
  prioritise(run: string, priorityOf: (step: string) => number | undefined): void;
  figures(): readonly PoolFigures[];
  close(): Promise<void>;
}

/** How often it is looked at what processes use, while there are calls. */
const LOOK_MS = 5_000;

/** So many processes are kept without a call, over all workers and besides those that the settings want kept. */
const MOST_IDLE = 6;

export function openPools(
  settingOf: (worker: string) => PoolSetting,
  context: Omit<PoolContext, 'rested'>,
): Pools {
  const pools = new Map<string, WorkerPool>();

  /** The pool that was used longest ago stands first. */
  function poolOf({ manifest: { id } }: InstalledWorker): WorkerPool {
    const pool = pools.get(id) ?? new WorkerPool(id, settingOf(id), { ...context, rested });
    pools.delete(id);
    pools.set(id, pool);
    return pool;
  }

  function rested(): void {
    const idle = [...pools.values()].flatMap((pool) => pool.spare());
    for (const retire of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) retire();
  }

  const { clock } = context;
  let calls = 0;
  let takeBackLook: (() => void) | undefined;
  let looking: Promise<unknown> = Promise.resolve();

  /** Once more after the last call, and then no more: who rests is not woken for it. */
  function lookSoon(): void {
    takeBackLook ??= clock.wakeAt(clock.now() + LOOK_MS, () => {
      takeBackLook = undefined;
      looking = Promise.all([...pools.values()].map((pool) => pool.look()));
      if (calls > 0) lookSoon();
    });
  }

  return {
    async use(worker, ...call) {
      calls += 1;
      lookSoon();
      try {
        return await poolOf(worker).use(worker, ...call);
      } finally {
        calls -= 1;
      }
    },
    warm: (worker, around) => poolOf(worker).warm(worker, around),
    retire: async ({ manifest, folder }) => pools.get(manifest.id)?.retire(folder),
    prioritise(run, priorityOf) {
      for (const pool of pools.values()) pool.prioritise(run, priorityOf);
    },
    figures: () => [...pools.values()].map((pool) => pool.figures()),
    async close() {
      takeBackLook?.();
      await looking;
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}
