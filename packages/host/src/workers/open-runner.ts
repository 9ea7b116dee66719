import { type Failure, failure } from '@cadre/sdk';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { QuarantineStore } from '../ports/pool-store.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import type { McpServers } from './mcp-servers.ts';
import { openPools, type Pools } from './open-pools.ts';
import type { PoolSetting } from './pool-setting.ts';
import { createRegistry, type Registry } from './registry.ts';
import { HOOK_LIMITS_MS } from './worker-hooks.ts';
import type { WorkerTimes } from './worker-process.ts';

export interface RunnerSettings {
  /** Folder with the workers that come with Cadre, one package each. */
  readonly builtInFolder: string;
  readonly workspace: string;
  /** MCP servers that are workers too; absent: none are. */
  readonly servers?: McpServers;
  /** False: what lies in `builtInFolder` did not come with Cadre. */
  readonly trusted?: boolean;
  /** Folder of the packages that were installed from archives. */
  readonly packages?: string;
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly quarantines: QuarantineStore;
  /** How many processes of a worker there are, where that is not the usual. */
  readonly poolOf?: (worker: string) => Partial<PoolSetting>;
  readonly times?: Partial<WorkerTimes>;
  /** A worker did not end as it should; nobody waits for that. */
  readonly told?: (worker: string, failure: Failure) => void;
}

const TIMES: WorkerTimes = { startMs: 20_000, graceMs: 5_000, hookMs: HOOK_LIMITS_MS };

const USUAL: PoolSetting = { min: 0, max: 4, idleMs: 300_000, restart: 'on-failure', errors: 0.05 };

/** Performs actions in worker processes, which are started when first needed and kept while they are used. */
export function openRunner(
  settings: RunnerSettings,
): ActionRunner & Pick<Registry, 'problems' | 'hold'> & Pick<Pools, 'retire'> {
  const { sandbox, clock, quarantines } = settings;
  const registry = createRegistry(
    {
      builtIn: settings.builtInFolder,
      workspace: settings.workspace,
      trusted: settings.trusted ?? true,
      ...(settings.packages === undefined ? {} : { packages: settings.packages }),
    },
    settings.servers,
  );
  const pools = openPools((worker) => ({ ...USUAL, ...settings.poolOf?.(worker) }), {
    sandbox,
    clock,
    quarantines,
    told: settings.told ?? (() => undefined),
    times: { ...TIMES, ...settings.times },
  });
  return {
    list: registry.list,
    problems: registry.problems,
    hold: registry.hold,
    retire: pools.retire,
    resolve: registry.resolve,
    async perform(call, signal, observer) {
      const name = `${call.worker}/${call.action}`;
      if (signal.aborted)
        return { ok: false, failure: failure('cancelled', `${name} was stopped before it began`) };
      const { worker } = registry.resolve(`${name}@${call.version}`);
      const { call: ask } = observer;
      return pools.use(worker, call, signal, (process, whileWaiting) =>
        process.call(call, signal, {
          ...observer,
          ...(ask === undefined ? {} : { call: (body) => whileWaiting(() => ask(body)) }),
        }),
      );
    },
    warm: pools.warm,
    prioritise: pools.prioritise,
    figures: pools.figures,
    close: pools.close,
  };
}
