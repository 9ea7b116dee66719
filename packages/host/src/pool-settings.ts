import { parseDuration } from '@cadre/kit/format';
import type { Config } from './config.ts';
import type { PoolSetting } from './workers/pool-setting.ts';

/** Workers of which processes are kept ready. */
export function warmWorkers({ pools }: Config): readonly string[] {
  return Object.entries(pools).flatMap(([worker, { min }]) => (min > 0 ? [worker] : []));
}

/** What the settings say of a worker's pool. */
export function poolOf({ pools }: Config, worker: string): Partial<PoolSetting> {
  const setting = Object.hasOwn(pools, worker) ? pools[worker] : undefined;
  if (setting === undefined) return {};
  const { idle, ...rest } = setting;
  return { ...rest, idleMs: parseDuration(idle) };
}
