import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@cadre/kit/log';
import type { JsonObject } from '@cadre/sdk';
import { keepLooking } from './keep-looking.ts';
import { ownFolder } from './own-folder.ts';
import type { InstalledWorker } from './ports/action-runner.ts';
import type { Clock } from './ports/clock.ts';
import type { WatchFiles } from './ports/file-watch.ts';
import type { LeaseHolder } from './ports/lease-store.ts';
import type { FailedReload, Reload } from './ports/reloads.ts';
import type { Sandbox, Tier } from './ports/sandbox.ts';
import { openLiveWorkers } from './workers/live-workers.ts';
import type { McpServers } from './workers/mcp-servers.ts';
import type { openRunner } from './workers/open-runner.ts';
import { LOCK_FILE } from './workers/packaging/worker-lock.ts';
import { probeConfined } from './workers/probe-confined.ts';
import { PACKAGES_FOLDER } from './workspace-folder.ts';

export interface Reloads {
  failed(): readonly FailedReload[];
  end(): Promise<void>;
  /** When no worker runs any more. */
  remove(): Promise<void>;
}

interface Options {
  readonly root: string;
  /** Cadre's own folder for this workspace. */
  readonly folder: string;
  readonly config: (worker: string) => JsonObject;
  readonly sandbox: Sandbox;
  /** In which calls of a worker are performed; undefined: in none that there is. */
  readonly tierFor: (worker: InstalledWorker) => Promise<Tier | undefined>;
  /** MCP servers that are declared; absent: there are none. */
  readonly servers?: Pick<McpServers, 'look' | 'failed'>;
  readonly runner: Pick<ReturnType<typeof openRunner>, 'hold' | 'retire'>;
  readonly clock: Clock;
  readonly holder: Pick<LeaseHolder, 'host' | 'pid'>;
  readonly watchFiles: WatchFiles;
  readonly emit: (topic: string, data: JsonObject) => Promise<unknown>;
  readonly log: Log;
  readonly told: (reload: Reload) => void;
}

const TOPIC = {
  reloaded: 'worker.reloaded',
  unloaded: 'worker.unloaded',
  failed: 'worker.reload_failed',
} as const;

/** From now on workers of the workspace that change are taken over while this process runs. */
export async function openReloads(options: Options): Promise<Reloads> {
  const { root, folder, sandbox, runner, clock, log } = options;
  const copies = await ownFolder(join(folder, 'live'), options.holder);
  let telling: Promise<unknown> = Promise.resolve();
  const told = (reload: Reload) => {
    const { kind, ...rest } = reload;
    const data = { ...rest } as unknown as JsonObject;
    log[kind === 'failed' ? 'warn' : 'info'](SAYS[kind], data);
    options.told(reload);
    telling = telling
      .then(() => options.emit(TOPIC[kind], data))
      .catch((error: unknown) => log.warn('an event could not be told', { error: String(error) }));
  };
  const live = await openLiveWorkers({
    workspace: root,
    packages: join(folder, PACKAGES_FOLDER),
    copies,
    now: () => clock.now(),
    probe: (worker) => probeConfined(worker, sandbox, options.tierFor, options.config),
    retire: (worker) => runner.retire(worker),
    told,
  });
  runner.hold(live.held);
  const inUse = { now: () => clock.now(), retire: runner.retire, told };
  const look = async () => {
    await live.look();
    options.servers?.look(inUse);
  };

  const stop = await keepLooking({
    root,
    paths: ['.cadre/workers/**', '.cadre/mcp/*', LOCK_FILE],
    clock,
    watchFiles: options.watchFiles,
    look,
    failed: (error) => log.warn('changes of workers cannot be seen', { error: String(error) }),
  });
  return {
    failed: () => [...live.failed(), ...(options.servers?.failed() ?? [])],
    async end() {
      await stop();
      await telling;
    },
    remove: () => rm(copies, { recursive: true, force: true }),
  };
}

const SAYS = {
  reloaded: 'a worker was reloaded',
  unloaded: 'a worker is there no more',
  failed: 'a worker could not be reloaded',
} as const;
