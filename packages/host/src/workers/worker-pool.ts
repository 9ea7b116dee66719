import { isCadreError } from '@cadre/core';
import { type Failure, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { ActionCall, CallRequest, InstalledWorker } from '../ports/action-runner.ts';
import type { NetworkProxy, Sandbox } from '../ports/sandbox.ts';
import { nodeCommand } from './node-command.ts';
import { openWorkerProcess, type WorkerProcess, type WorkerTimes } from './worker-process.ts';

export interface PoolTimes extends WorkerTimes {
  /** After so long without a call a worker is stopped. */
  readonly idleMs: number;
}

interface Member {
  readonly key: string;
  readonly started: Promise<Outcome<WorkerProcess>>;
  /** Once it is started. */
  process?: WorkerProcess;
  /** Calls that have taken it, also while it is starting. */
  taken: number;
  idle?: NodeJS.Timeout | undefined;
}

/** So many workers are kept warm without a call; the one that was used longest ago goes first. */
const MOST_IDLE = 6;

/**
 * Running workers by what they are and how they are confined.
 * Invariants:
 * 1. A call gets a process that was started for exactly its worker, confinement, folders and environment.
 * 2. Where programs may use the network a process has one call at a time, so that each connection belongs to a call.
 * 3. After `close` no worker runs.
 * 4. What a call with limits uses is its own: nobody used its process before, and nobody will.
 */
export interface WorkerPool {
  use<T>(
    worker: InstalledWorker,
    call: ActionCall,
    task: (process: WorkerProcess) => Promise<T>,
  ): Promise<T | { readonly ok: false; readonly failure: Failure }>;
  close(): Promise<void>;
}

export function openWorkerPool(sandbox: Sandbox, times: PoolTimes): WorkerPool {
  const members = new Set<Member>();
  let isClosed = false;
  let measured = 0;

  const leave = (member: Member) => {
    clearTimeout(member.idle);
    members.delete(member);
  };
  const retire = async (member: Member) => {
    leave(member);
    const started = await member.started;
    if (started.ok) await started.output.stop();
  };
  const find = (key: string, isShared: boolean) =>
    [...members].find(
      (member) =>
        member.key === key && (isShared || member.taken === 0) && member.process?.isRetired !== true,
    );
  const add = (key: string, worker: InstalledWorker, call: ActionCall) => {
    const member: Member = { key, taken: 0, started: startWorker(worker, call, sandbox, times) };
    members.add(member);
    void watch(member);
    return member;
  };
  const watch = async (member: Member) => {
    // Whoever uses it hears why it did not start.
    const started = await member.started.catch(() => undefined);
    if (started?.ok === true) {
      member.process = started.output;
      await started.output.gone;
    }
    leave(member);
  };
  const rest = (member: Member) => {
    member.taken -= 1;
    if (member.process?.isRetired === true) leave(member);
    if (member.taken > 0 || !members.has(member)) return;
    member.idle = setTimeout(() => void retire(member), times.idleMs).unref();
    // A set keeps the order in which things were put: the one that rests last stands last.
    members.delete(member);
    members.add(member);
    const idle = [...members].filter(({ taken }) => taken === 0);
    for (const oldest of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) void retire(oldest);
  };

  return {
    async use(worker, call, task) {
      if (isClosed)
        return { ok: false, failure: failure('cancelled', 'Cadre is ending, no worker is started any more') };
      const key = keyOf(worker, call);
      // Invariant 4.
      const own = call.limits === undefined ? undefined : `${key} ${++measured}`;
      const known = own === undefined ? find(key, !hasProxy(call)) : undefined;
      const member = known ?? add(own ?? key, worker, call);
      member.taken += 1;
      clearTimeout(member.idle);
      try {
        const started = await member.started;
        return started.ok ? await task(started.output) : started;
      } finally {
        rest(member);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([...members].map(retire));
    },
  };
}

function keyOf({ manifest, hash, folder }: InstalledWorker, call: ActionCall): string {
  const { confinement, workspace, dataDir, env } = call;
  return JSON.stringify([
    manifest.id,
    hash,
    folder,
    confinement,
    workspace,
    dataDir,
    Object.entries(env).sort(),
  ]);
}

/** The worker itself asks the host to fetch; only programs that it runs need a way out of their own. */
function hasProxy({ confinement }: ActionCall): boolean {
  return confinement.hosts.length > 0 && confinement.programs.length > 0;
}

async function startWorker(
  worker: InstalledWorker,
  call: ActionCall,
  sandbox: Sandbox,
  times: WorkerTimes,
): Promise<Outcome<WorkerProcess>> {
  let asking: WorkerProcess | undefined;
  let proxy: NetworkProxy | undefined;
  try {
    if (hasProxy(call)) {
      proxy = await sandbox.openProxy({
        address: (host, port) => askFor(asking, { kind: 'connect', host, port }),
        agent: () => askFor(asking, { kind: 'agent' }),
      });
    }
    const { command, installed } = nodeCommand(worker, call.confinement);
    const child = await sandbox.start(command, {
      confinement: call.confinement,
      cwd: call.workspace,
      // Caches of tools survive from run to run in the worker's own folder; its home does not.
      env: { XDG_CACHE_HOME: `${call.dataDir}/cache`, ...call.env },
      installed,
      ...(proxy === undefined ? {} : { proxySocket: proxy.socket }),
      ...(call.limits === undefined ? {} : { limits: call.limits }),
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
