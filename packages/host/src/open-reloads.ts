import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from '@cadre/kit/files';
import type { Log } from '@cadre/kit/log';
import type { JsonObject } from '@cadre/sdk';
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

/** An editor writes a file in several steps, and git many files. */
const SETTLED_MS = 300;
/** What a system does not tell of, such as a folder that took the place of another one, is seen then. */
const LOOK_MS = 60_000;

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

  let looking: Promise<void> = Promise.resolve();
  let takeBack: (() => void) | undefined;
  let isEnded = false;
  const failed = (error: unknown) => log.warn('changes of workers cannot be seen', { error: String(error) });
  const lookIn = (ms: number) => {
    takeBack?.();
    takeBack = clock.wakeAt(clock.now() + ms, () => {
      looking = looking.then(() => (isEnded ? undefined : look())).catch(failed);
      lookIn(LOOK_MS);
    });
  };
  const settle = () => lookIn(SETTLED_MS);
  const stop = await options.watchFiles({
    root,
    paths: ['.cadre/workers/**', '.cadre/mcp/*', LOCK_FILE],
    ignore: ['**/*.tgz', '**/*.log'],
    initial: false,
    own: true,
    hear: settle,
    failed,
  });
  // What changed before anybody was watching.
  settle();
  return {
    failed: () => [...live.failed(), ...(options.servers?.failed() ?? [])],
    async end() {
      isEnded = true;
      takeBack?.();
      await stop();
      await looking;
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

/** A folder for this process alone. What processes of this machine have left that are gone is removed. */
async function ownFolder(around: string, { host, pid }: Options['holder']): Promise<string> {
  await mkdir(around, { recursive: true, mode: 0o700 });
  for (const name of await readdir(around)) {
    const [, other] = name.startsWith(`${host}-`) ? (/-(\d+)-[^-]+$/.exec(name) ?? []) : [];
    if (other !== undefined && Number(other) !== pid && !(await isRunning(Number(other), '')))
      await rm(join(around, name), { recursive: true, force: true });
  }
  return mkdtemp(join(around, `${host}-${pid}-`));
}
