import { failure } from '@cadre/sdk';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { createRegistry, type Registry } from './registry.ts';
import { openWorkerPool, type PoolTimes } from './worker-pool.ts';

export interface RunnerSettings {
  /** Folder with the workers that come with Cadre, one package each. */
  readonly builtInFolder: string;
  readonly workspace: string;
  readonly sandbox: Sandbox;
  readonly times?: Partial<PoolTimes>;
}

const TIMES: PoolTimes = { startMs: 20_000, graceMs: 5_000, idleMs: 300_000 };

/** Performs actions in worker processes, which are started when first needed and kept while they are used. */
export function openRunner(settings: RunnerSettings): ActionRunner & Pick<Registry, 'problems'> {
  const registry = createRegistry({ builtIn: settings.builtInFolder, workspace: settings.workspace });
  const pool = openWorkerPool(settings.sandbox, { ...TIMES, ...settings.times });
  return {
    list: registry.list,
    problems: registry.problems,
    resolve: registry.resolve,
    async perform(call, signal, observer) {
      const name = `${call.worker}/${call.action}`;
      if (signal.aborted)
        return { ok: false, failure: failure('cancelled', `${name} was stopped before it began`) };
      const { worker } = registry.resolve(`${name}@${call.version}`);
      return pool.use(worker, call, (process) => process.call(call, signal, observer));
    },
    close: pool.close,
  };
}
