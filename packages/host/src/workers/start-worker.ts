import { isCadreError } from '@cadre/core';
import { failure, type JsonValue, type Outcome } from '@cadre/sdk';
import { installationHere } from '../installation.ts';
import type { CallRequest, InstalledWorker, Surroundings } from '../ports/action-runner.ts';
import type { NetworkProxy, Sandbox, SandboxOptions } from '../ports/sandbox.ts';
import { type Strategy, strategyOf, workerCommand } from './worker-command.ts';
import { notStarted } from './worker-failure.ts';
import { openWorkerProcess, type WorkerProcess, type WorkerTimes } from './worker-process.ts';

/** What a process was started for: two calls with the same key may share it. */
export function keyOf(
  { manifest, hash, folder, arguments: given = [] }: InstalledWorker,
  around: Surroundings,
): string {
  const { confinement, tier, workspace, dataDir, env, config } = around;
  return JSON.stringify([
    manifest.id,
    hash,
    folder,
    given,
    confinement,
    tier,
    workspace,
    dataDir,
    Object.entries(env).sort(),
    config,
  ]);
}

/** The worker itself asks the host to fetch; only programs that it runs need a way out of their own. */
export function hasProxy({ confinement }: Surroundings): boolean {
  return confinement.hosts.length > 0 && confinement.programs.length > 0;
}

export async function startWorker(
  worker: InstalledWorker,
  around: Surroundings,
  sandbox: Sandbox,
  times: WorkerTimes,
  strategy: Strategy = strategyOf(worker.manifest),
): Promise<Outcome<WorkerProcess>> {
  let asking: WorkerProcess | undefined;
  let proxy: NetworkProxy | undefined;
  try {
    if (hasProxy(around)) {
      proxy = await sandbox.openProxy({
        address: (host, port) => askFor(asking, { kind: 'connect', host, port }),
        agent: () => askFor(asking, { kind: 'agent' }),
        refused: (tried, rule) => asking?.notice({ kind: 'network', tried, rule }),
      });
    }
    const installation = (await sandbox.installation?.(around.tier)) ?? installationHere();
    const { command, installed } = workerCommand(worker, around.confinement, strategy, installation);
    const cache = `${around.dataDir}/cache`;
    const child = await sandbox.start(command, {
      ...(around.tier === undefined ? {} : { tier: around.tier }),
      confinement: around.confinement,
      cwd: around.workspace,
      // Caches of tools survive from run to run in the worker's own folder; its home does not.
      env: { XDG_CACHE_HOME: cache, ...around.env },
      caches: [cache],
      installed,
      ...mostOf(worker),
      ...(proxy === undefined ? {} : { proxySocket: proxy.socket }),
      ...(around.limits === undefined ? {} : { limits: around.limits }),
    });
    const { process, ready } = openWorkerProcess(worker, child, times, {
      dataDir: around.dataDir,
      config: around.config,
    });
    asking = process;
    void process.gone.then(() => proxy?.close());
    const fault = await ready;
    if (fault === undefined) return { ok: true, output: process };
    await process.stop();
    return { ok: false, failure: notStarted(worker.manifest.id, fault) };
  } catch (error) {
    await proxy?.close();
    if (!isCadreError(error)) throw error;
    return {
      ok: false,
      failure: failure(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
}

/** What its author says that it needs at most; the settings may only be narrower. */
function mostOf({ manifest: { resources = {} } }: InstalledWorker): Pick<SandboxOptions, 'most'> {
  const { cpuSeconds, processes, openFiles, diskMiB, outputMiB } = resources;
  const most = {
    ...(cpuSeconds === undefined ? {} : { cpuMs: cpuSeconds * 1000 }),
    ...(processes === undefined ? {} : { processes }),
    ...(openFiles === undefined ? {} : { openFiles }),
    ...(diskMiB === undefined ? {} : { diskBytes: diskMiB * MEBIBYTE }),
    ...(outputMiB === undefined ? {} : { outputBytes: outputMiB * MEBIBYTE }),
  };
  return Object.keys(most).length === 0 ? {} : { most };
}

const MEBIBYTE = 1024 * 1024;

async function askFor(asking: WorkerProcess | undefined, request: CallRequest): Promise<Outcome<string>> {
  const refused = failure('denied', 'the worker is not ready yet');
  const answer: Outcome<JsonValue> = (await asking?.ask(request)) ?? { ok: false, failure: refused };
  return answer.ok ? { ok: true, output: String(answer.output) } : answer;
}
