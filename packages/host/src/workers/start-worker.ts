import { isCadreError } from '@cadre/core';
import { type Failure, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { CallRequest, InstalledWorker, Surroundings } from '../ports/action-runner.ts';
import type { NetworkProxy, Sandbox } from '../ports/sandbox.ts';
import { nodeCommand } from './node-command.ts';
import { openWorkerProcess, type WorkerProcess, type WorkerTimes } from './worker-process.ts';

/** What a process was started for: two calls with the same key may share it. */
export function keyOf(
  { manifest, hash, folder, arguments: given = [] }: InstalledWorker,
  around: Surroundings,
): string {
  const { confinement, workspace, dataDir, env } = around;
  return JSON.stringify([
    manifest.id,
    hash,
    folder,
    given,
    confinement,
    workspace,
    dataDir,
    Object.entries(env).sort(),
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
): Promise<Outcome<WorkerProcess>> {
  let asking: WorkerProcess | undefined;
  let proxy: NetworkProxy | undefined;
  try {
    if (hasProxy(around)) {
      proxy = await sandbox.openProxy({
        address: (host, port) => askFor(asking, { kind: 'connect', host, port }),
        agent: () => askFor(asking, { kind: 'agent' }),
      });
    }
    const { command, installed } = nodeCommand(worker, around.confinement);
    const child = await sandbox.start(command, {
      confinement: around.confinement,
      cwd: around.workspace,
      // Caches of tools survive from run to run in the worker's own folder; its home does not.
      env: { XDG_CACHE_HOME: `${around.dataDir}/cache`, ...around.env },
      installed,
      ...(proxy === undefined ? {} : { proxySocket: proxy.socket }),
      ...(around.limits === undefined ? {} : { limits: around.limits }),
    });
    const { process, ready } = openWorkerProcess(worker, child, times);
    asking = process;
    void process.gone.then(() => proxy?.close());
    const fault = await ready;
    if (fault === undefined) return { ok: true, output: process };
    await process.stop();
    return { ok: false, failure: notStarted(worker, fault) };
  } catch (error) {
    await proxy?.close();
    if (!isCadreError(error)) throw error;
    return {
      ok: false,
      failure: failure(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
}

async function askFor(asking: WorkerProcess | undefined, request: CallRequest): Promise<Outcome<string>> {
  const refused = failure('denied', 'the worker is not ready yet');
  const answer: Outcome<JsonValue> = (await asking?.ask(request)) ?? { ok: false, failure: refused };
  return answer.ok ? { ok: true, output: String(answer.output) } : answer;
}

function notStarted({ manifest }: InstalledWorker, fault: Failure): Failure {
  if (fault.code !== 'worker_died') return fault;
  return failure('worker_not_started', `the worker ${manifest.id} could not be started`, {
    hint: 'see the last lines that it wrote; `cadre doctor` tells what the sandbox of this machine can do',
    cause: fault,
  });
}
